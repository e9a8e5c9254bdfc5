-- What a decision followed from, packed: each frame of a chain is packed with the one before it as dictionary. Rows of
-- earlier versions have none. A decision that changed nothing and says nothing new has an empty document.
ALTER TABLE decision ADD COLUMN chain BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision ADD COLUMN link BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision ADD COLUMN news BIGINT NOT NULL DEFAULT 1;
ALTER TABLE decision ADD COLUMN frame MEDIUMBLOB;

CREATE INDEX decision_chain ON decision (group_id, chain, link);
CREATE INDEX decision_news ON decision (group_id, news, seq);
