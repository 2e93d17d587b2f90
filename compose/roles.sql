-- The roles and the database of one service; run by psql as superuser, any number of times.
--
-- From the environment: SERVICE (users, transactions), OWNER_PASSWORD, APP_PASSWORD,
-- READONLY_PASSWORD, OWNER_OPTIONS (CREATEDB where tests make databases, else NOCREATEDB).
--   <service>_owner     owns every table; migrations only
--   <service>_app       reads and writes rows; what the processes connect as
--   <service>_readonly  reads
\set ON_ERROR_STOP on
\getenv service SERVICE
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\getenv readonly_password READONLY_PASSWORD
\getenv owner_options OWNER_OPTIONS
\set owner :service _owner
\set app :service _app
\set readonly :service _readonly

SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY[:'owner', :'app', :'readonly']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEROLE :owner_options PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
ALTER ROLE :"readonly" LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'readonly_password';

-- The outermost bounds, so that no stalled process holds a lock for ever; connections set
-- tighter ones themselves.
ALTER ROLE :"app" SET statement_timeout = '10s';
ALTER ROLE :"app" SET lock_timeout = '5s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE :"app" SET transaction_timeout = '60s';
ALTER ROLE :"readonly" SET default_transaction_read_only = on;
ALTER ROLE :"readonly" SET statement_timeout = '30s';

SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service')
\gexec

REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"app", :"readonly";

\connect :"service"
SET client_min_messages = warning;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"app", :"readonly";

ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT ON TABLES TO :"readonly";
