CREATE INDEX IF NOT EXISTS service_came ON service (came_on);
CREATE INDEX IF NOT EXISTS service_provider ON service (provider, came_on);
CREATE INDEX IF NOT EXISTS service_left ON service (left_on) WHERE left_on IS NOT NULL;
CREATE INDEX IF NOT EXISTS service_open ON service (provider, came_on) WHERE left_on IS NULL;
