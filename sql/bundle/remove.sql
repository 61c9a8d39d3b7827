-- Drops the functions that argo-loader has installed, and nothing else: the data and what belongs to it stay.

DO $_argo_remove$
DECLARE
    here CONSTANT oid := to_regnamespace('@extschema@');
    names text[];
    routines text;
    dropped integer;
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extname = 'argo') THEN
        RAISE EXCEPTION 'the functions of argo in this database are the extension''s'
            USING ERRCODE = '55000',
                  DETAIL = 'argo-loader removes what it has installed itself. Nothing was changed.',
                  HINT = 'Type DROP EXTENSION argo; to be rid of it (the data stays).';
    END IF;
    SELECT pg_catalog.substring(p.prosrc, '\{[a-z_,\s]*\}')::text[] INTO names
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = here AND p.proname = '_argo_bundle_functions';
    SELECT pg_catalog.string_agg(p.oid::pg_catalog.regprocedure::text, ', '), pg_catalog.count(*) INTO routines, dropped
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = here AND p.proname = ANY (names)
      -- These are the data's, as its tables are.
      AND p.proname <> ALL ('{
@steps@
    }'::text[]);
    IF dropped > 0 THEN
        EXECUTE 'DROP ROUTINE ' || routines;
    END IF;
    RAISE NOTICE '% functions of argo dropped from schema @extschema@; its data stays', dropped;
END
$_argo_remove$;
