-- Policies that operators uploaded. A number is used once for each name, so a name with a number is one component for
-- ever; `last_number` outlives the versions.
CREATE TABLE component_name (
    name        VARCHAR(64) NOT NULL PRIMARY KEY,
    last_number BIGINT      NOT NULL
);

CREATE TABLE component (
    name        VARCHAR(64) NOT NULL,
    number      BIGINT      NOT NULL,
    sha256      VARCHAR(64) NOT NULL,
    uploaded_at BIGINT      NOT NULL,
    document    TEXT        NOT NULL,
    PRIMARY KEY (name, number),
    UNIQUE (name, sha256),
    FOREIGN KEY (name) REFERENCES component_name (name)
);

-- The bytes, in parts that every server takes in one statement.
CREATE TABLE component_part (
    name   VARCHAR(64) NOT NULL,
    number BIGINT      NOT NULL,
    part   BIGINT      NOT NULL,
    bytes  BLOB        NOT NULL,
    PRIMARY KEY (name, number, part),
    FOREIGN KEY (name, number) REFERENCES component (name, number) ON DELETE CASCADE
);
