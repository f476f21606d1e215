CREATE INDEX IF NOT EXISTS work_due ON work (due_on) WHERE due_on IS NOT NULL;
CREATE INDEX IF NOT EXISTS work_provider ON work (provider, urgent, due_on);
