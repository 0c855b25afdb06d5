-- What the catalogue says of the walls: every table has one, every policy, view and function is built so that it holds.
begin;
\ir ../personas.psql

create temporary view owned_policies as
select owned.relation, policy.polname, policy.polroles, clause.expression
from pg_policy as policy join owned_relations as owned on owned.relation = policy.polrelid
cross join lateral (values
  (pg_get_expr(policy.polqual, policy.polrelid)), (pg_get_expr(policy.polwithcheck, policy.polrelid))
) as clause (expression)
where clause.expression is not null;

create temporary view owned_functions as
select routine.oid::regprocedure as routine, routine.*
from pg_proc as routine join pg_namespace as namespace on namespace.oid = routine.pronamespace
join owned_schemas on owned_schemas.schema_name = namespace.nspname
where not exists (select from pg_depend where pg_depend.objid = routine.oid and pg_depend.deptype = 'e');

create temporary view our_roles as
select * from pg_roles where rolname like 'synkro\_%' or rolname in ('anon', 'authenticated');

select plan(19);

select cmp_ok((select count(*) from tenant_tables), '>=', 25::bigint, 'there are tables to look at');
select cmp_ok((select count(*) from tenant_tables where relispartition), '>=', 2::bigint, 'and partitions');

select is_empty(
  $$ select relation from owned_relations where relkind in ('r', 'p') and not relrowsecurity $$,
  'every table has row security, whether its rows are tenants'' or not'
);
select is_empty(
  $$ select relation from owned_relations where relkind in ('r', 'p') and not relforcerowsecurity $$,
  'and it is forced, also on the owner'
);
select is_empty(
  $$ select relation from owned_relations where relkind in ('m', 'f') $$,
  'nothing holds rows that row security cannot wall off: no materialized views, no foreign tables'
);
select is_empty(
  $$ select relation from owned_relations as owned where relkind in ('r', 'p')
    and not exists (select from pg_policy where polrelid = owned.relation) $$,
  'every table has policies'
);
select is_empty(
  $$ select relation, polname from owned_policies where polroles && array[0::oid] $$,
  'every policy names its roles'
);
select is_empty(
  $$ select relation, polname from owned_policies where polname !~ '^[A-Z][^ ]+( [^ ]+){2,}$' $$,
  'policies are named as sentences'
);
select is_empty(
  $$ select relation, polname, expression from owned_policies
    where regexp_replace(expression, 'SELECT [a-z_.]+\(', 'SELECT ', 'g') ~ '[a-z0-9_]\(' $$,
  'policies ask functions once for each query: (select …)'
);
select is_empty(
  $$ select tables.relation, role_name
    from tenant_tables as tables
    cross join (values ('synkro_pipeline'), ('synkro_dbt'), ('synkro_readonly'), ('authenticated')) as bound (role_name)
    join owned_policies as policy on policy.relation = tables.relation and bound.role_name::regrole = any(policy.polroles)
    where policy.expression !~ 'tenant_id (=|IN) ' $$,
  'every policy of who is bound to tenants compares the row''s tenant'
);
select is_empty(
  $$ select tables.relation from tenant_tables as tables where not exists (
    select from pg_index as index join pg_attribute as attribute
      on attribute.attrelid = index.indrelid and attribute.attnum = index.indkey[0]
    where index.indrelid = tables.relation and attribute.attname = 'tenant_id' and index.indpred is null
  ) $$,
  'rows of a tenant are found by an index'
);
select is_empty(
  $$ select relation from owned_relations where relkind = 'v'
    and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false) $$,
  'views read with the rights of who asks'
);
select is_empty(
  $$ select routine from owned_functions
    where not exists (select from unnest(proconfig) as setting where setting ~ '^search_path=') $$,
  'functions have a fixed search_path'
);
select is_empty(
  $$ select routine from owned_functions
    where prosecdef and not coalesce(proconfig && array['search_path=pg_catalog, pg_temp'], false) $$,
  'functions with their owner''s rights look for types among temporary ones last'
);
select is_empty(
  $$ select routine
    from owned_functions cross join aclexplode(coalesce(proacl, acldefault('f', proowner))) as granted
    where granted.grantee = 0 $$,
  'no function may be run by just everybody'
);

select is_empty(
  $$ select rolname from our_roles
    where rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb or rolreplication $$,
  'none of the roles is a superuser, passes walls, logs in, or makes roles or databases'
);
select is_empty(
  $$ select member.rolname, granted.roleid::regrole
    from pg_auth_members as granted join our_roles as member on member.oid = granted.member $$,
  'none of the roles may become another'
);
select is_empty(
  $$ select rolname, nspname from our_roles cross join pg_namespace
    where has_schema_privilege(rolname, pg_namespace.oid, 'create') and nspname !~ '^pg_temp|^pg_toast_temp' $$,
  'none of the roles may create anything in any schema'
);
select is_empty(
  $$ select rolname from our_roles where has_database_privilege(rolname, current_database(), 'create') $$,
  'nor make a schema'
);

select * from finish();
rollback;
