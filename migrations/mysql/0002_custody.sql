-- What the environment is bound to: the place of its store and the cloud's account. Both are empty until it is.
ALTER TABLE environment ADD COLUMN bound_store VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE environment ADD COLUMN bound_account VARCHAR(255) NOT NULL DEFAULT '';

-- Identifiers of nodes whose records are gone: an instance that carries one of them was ours.
CREATE TABLE past_node (
    seq BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id  VARCHAR(255) NOT NULL UNIQUE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Instances without a record that the sweep ends or ended; stored before the cloud is asked.
CREATE TABLE reaping (
    seq        BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    instance   VARCHAR(255) NOT NULL UNIQUE,
    ordered_at BIGINT       NOT NULL,
    document   MEDIUMTEXT   NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
