-- Refuses the extension where argo-loader has installed the same functions: its own would have to take their names.

DO $_argo_guard$
DECLARE
    taken CONSTANT regnamespace := (
        SELECT p.pronamespace FROM pg_catalog.pg_proc AS p
        WHERE p.proname = '_argo_bundle_functions'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
        ORDER BY p.pronamespace <> '@extschema@'::pg_catalog.regnamespace
        LIMIT 1);
BEGIN
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'the functions of argo-loader are installed in schema %', taken
            USING ERRCODE = '55000',
                  DETAIL = 'The extension brings the same ones. Nothing was changed.',
                  HINT = 'Type argo-loader setup --remove-functions'
                         || CASE WHEN taken::text <> 'public'
                                 THEN pg_catalog.format(' --schema ''%s''', (SELECT n.nspname FROM pg_catalog.pg_namespace AS n
                                                                             WHERE n.oid = taken)) ELSE '' END
                         || ', which keeps all data, and then this again.';
    END IF;
END
$_argo_guard$;
