-- What only queries need: made when a file that is built anew holds the whole history, which is far quicker than
-- keeping them from the first event on.
CREATE INDEX IF NOT EXISTS case_key_number ON case_key (number);
CREATE INDEX IF NOT EXISTS case_key_activity ON case_key (status, active_at);
CREATE INDEX IF NOT EXISTS case_key_student ON case_key (student);
CREATE INDEX IF NOT EXISTS case_key_status ON case_key (status);
CREATE INDEX IF NOT EXISTS case_key_provider ON case_key (provider, status, active_at);
CREATE INDEX IF NOT EXISTS case_key_manager ON case_key (manager);
CREATE INDEX IF NOT EXISTS case_key_catchment ON case_key (catchment);
CREATE INDEX IF NOT EXISTS case_key_school ON case_key (school);
CREATE INDEX IF NOT EXISTS case_key_opened_on ON case_key (opened_on);
CREATE INDEX IF NOT EXISTS enrolment_school ON enrolment (school);
CREATE UNIQUE INDEX IF NOT EXISTS timeline_of_case ON timeline (ref, version);
