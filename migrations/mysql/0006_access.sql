-- Tokens beside the one of the settings: only the SHA-256 of each is kept. `expires_at` 0: never.
CREATE TABLE access_token (
    name       VARCHAR(64) NOT NULL PRIMARY KEY,
    digest     VARCHAR(64) NOT NULL UNIQUE,
    scope      VARCHAR(16) NOT NULL,
    created_at BIGINT      NOT NULL,
    created_by VARCHAR(64) NOT NULL,
    expires_at BIGINT      NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every change that was asked for: the row is written before it is made. `status` 0: what came of it is not known.
CREATE TABLE audit (
    seq     BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at      BIGINT       NOT NULL,
    who     VARCHAR(64)  NOT NULL,
    address VARCHAR(64)  NOT NULL,
    what    TEXT         NOT NULL,
    status  BIGINT       NOT NULL,
    detail  TEXT         NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
