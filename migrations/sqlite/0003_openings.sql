-- How often a manager opened this store: whoever finds another number than his own was not alone.
ALTER TABLE environment ADD COLUMN openings BIGINT NOT NULL DEFAULT 0;
