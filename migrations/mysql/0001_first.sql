-- One row: what this store is the store of.
CREATE TABLE environment (
    one            INTEGER      NOT NULL PRIMARY KEY,
    environment_id VARCHAR(64)  NOT NULL,
    created_at     BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE limits_document (
    no       BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name     VARCHAR(255) NOT NULL UNIQUE,
    version  BIGINT       NOT NULL,
    document MEDIUMTEXT   NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE launch_document (
    no       BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name     VARCHAR(255) NOT NULL UNIQUE,
    version  BIGINT       NOT NULL,
    document MEDIUMTEXT   NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- `fence` rises each time somebody takes the right to write the group; a write that carries an older one is refused.
CREATE TABLE node_group (
    id            BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name          VARCHAR(255) NOT NULL UNIQUE,
    launch_config VARCHAR(255) NOT NULL,
    limits_name   VARCHAR(255) NOT NULL,
    state         VARCHAR(32)  NOT NULL,
    fence         BIGINT       NOT NULL,
    holder        VARCHAR(255) NOT NULL,
    version       BIGINT       NOT NULL,
    document      MEDIUMTEXT   NOT NULL,
    FOREIGN KEY (launch_config) REFERENCES launch_document (name),
    FOREIGN KEY (limits_name) REFERENCES limits_document (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX node_group_launch_config ON node_group (launch_config);
CREATE INDEX node_group_limits_name ON node_group (limits_name);

-- One row is one launch attempt. A group with nodes cannot be deleted: the foreign key has no cascade.
CREATE TABLE node (
    group_id BIGINT       NOT NULL,
    no       BIGINT       NOT NULL,
    id       VARCHAR(255) NOT NULL UNIQUE,
    state    VARCHAR(32)  NOT NULL,
    version  BIGINT       NOT NULL,
    document MEDIUMTEXT   NOT NULL,
    PRIMARY KEY (group_id, no),
    FOREIGN KEY (group_id) REFERENCES node_group (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE policy_state (
    group_id BIGINT       NOT NULL PRIMARY KEY,
    policy   VARCHAR(255) NOT NULL,
    state    MEDIUMBLOB   NOT NULL,
    FOREIGN KEY (group_id) REFERENCES node_group (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE decision (
    seq        BIGINT     NOT NULL AUTO_INCREMENT PRIMARY KEY,
    group_id   BIGINT  NOT NULL,
    decided_at BIGINT  NOT NULL,
    document   MEDIUMTEXT NOT NULL,
    FOREIGN KEY (group_id) REFERENCES node_group (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX decision_group ON decision (group_id, seq);

CREATE TABLE threshold (
    role    VARCHAR(32) NOT NULL PRIMARY KEY,
    percent BIGINT      NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
