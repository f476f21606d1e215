CREATE INDEX IF NOT EXISTS act_who ON act (who);
CREATE INDEX IF NOT EXISTS act_target ON act (target);
