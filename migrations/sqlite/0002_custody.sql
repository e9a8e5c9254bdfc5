-- What the environment is bound to: the place of its store and the cloud's account. Both are empty until it is.
ALTER TABLE environment ADD COLUMN bound_store VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE environment ADD COLUMN bound_account VARCHAR(255) NOT NULL DEFAULT '';

-- Identifiers of nodes whose records are gone: an instance that carries one of them was ours.
CREATE TABLE past_node (
    seq INTEGER      NOT NULL PRIMARY KEY AUTOINCREMENT,
    id  VARCHAR(255) NOT NULL UNIQUE
);

-- Instances without a record that the sweep ends or ended; stored before the cloud is asked.
CREATE TABLE reaping (
    seq        INTEGER      NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance   VARCHAR(255) NOT NULL UNIQUE,
    ordered_at BIGINT       NOT NULL,
    document   TEXT         NOT NULL
);
