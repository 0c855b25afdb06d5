"""What the database's own catalogue says about the schemas that the platform owns.

What lives here: every catalogue query of the tests, and comparing two databases by them. pgTAP asks
the same catalogue in SQL of its own (``supabase/tests/database``).
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

OWNED_SCHEMAS = ("app", "raw", "staging", "intermediate", "marts", "public")

# Column of a grant list, object type of its defaults -> the grants, in one order however they came.
_GRANTS = """array(
  select item::text from unnest(coalesce({column}, acldefault({kind}, {owner}))) as item order by 1
)"""


def _grants(column: str, kind: str, owner: str) -> str:
    return _GRANTS.format(column=column, kind=f"'{kind}'", owner=owner)


# Each gives a name and everything about what it names, as one text.
_QUERIES = {
    "database": f"""
        select 'itself', {_grants("datacl", "d", "datdba")}::text
        from pg_database where datname = current_database()""",
    "schema": f"""
        select nspname, concat_ws(' ', nspowner::regrole, {_grants("nspacl", "n", "nspowner")},
          obj_description(oid, 'pg_namespace'))
        from pg_namespace where nspname = any(%(schemas)s)""",
    "relation": f"""
        select c.oid::regclass::text, concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity,
          c.relforcerowsecurity, c.reloptions, c.relowner::regrole,
          pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid),
          case when c.relkind = 'S' then {_grants("c.relacl", "s", "c.relowner")}
            else {_grants("c.relacl", "r", "c.relowner")} end,
          obj_description(c.oid, 'pg_class'),
          case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
          (select row(seqtypid::regtype, seqstart, seqincrement, seqmax, seqcycle)::text
            from pg_sequence where seqrelid = c.oid))
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')""",
    "column": """
        select concat_ws('.', c.oid::regclass, a.attname),
          concat_ws(' ', row_number() over (partition by c.oid order by a.attnum),
            format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            nullif(a.attcollation, 0)::regcollation, pg_get_expr(d.adbin, d.adrelid),
            array(select item::text from unnest(a.attacl) as item order by 1),
            col_description(c.oid, a.attnum))
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
        left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
        where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and a.attnum > 0 and not a.attisdropped""",
    "constraint": """
        select concat_ws(' ', conrelid::regclass, conname),
          concat_ws(' ', pg_get_constraintdef(k.oid), convalidated,
            obj_description(k.oid, 'pg_constraint'))
        from pg_constraint as k join pg_namespace as n on n.oid = k.connamespace
        where n.nspname = any(%(schemas)s)""",
    "index": """
        select i.indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(i.indexrelid),
          i.indisvalid, i.indisclustered, i.indisreplident)
        from pg_index as i
        join pg_class as c on c.oid = i.indexrelid join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s)""",
    "function": f"""
        select p.oid::regprocedure::text,
          concat_ws(' ', pg_get_functiondef(p.oid), p.proowner::regrole,
            {_grants("p.proacl", "f", "p.proowner")}, obj_description(p.oid, 'pg_proc'))
        from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = any(%(schemas)s) and p.prokind in ('f', 'p')""",
    "trigger": """
        select concat_ws(' ', t.tgrelid::regclass, t.tgname),
          concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
        from pg_trigger as t
        join pg_class as c on c.oid = t.tgrelid join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s) and not t.tgisinternal""",
    "policy": """
        select concat_ws(' ', polrelid::regclass, polname), concat_ws(' ', polcmd, polpermissive,
          array(select case when role = 0 then 'public' else role::regrole::text end
            from unnest(polroles) as role order by 1),
          'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
        from pg_policy as l
        join pg_class as c on c.oid = l.polrelid join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any(%(schemas)s)""",
    "default privilege": """
        select
          concat_ws(' ', defaclrole::regrole, coalesce(n.nspname, 'everywhere'), defaclobjtype),
          array(select item::text from unnest(defaclacl) as item order by 1)::text
        from pg_default_acl as a left join pg_namespace as n on n.oid = a.defaclnamespace
        where n.nspname is null or n.nspname = any(%(schemas)s)""",
    "type": """
        select t.oid::regtype::text, concat_ws(' ', typtype, typnotnull,
          nullif(typbasetype, 0)::regtype, typdefault,
          array(select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder))
        from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
        where n.nspname = any(%(schemas)s) and typtype in ('e', 'd')""",
}

_TENANT_TABLES = """
    select n.nspname as schema, c.relname as name
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and c.relkind = any(%(kinds)s) and exists (
      select from pg_attribute as a
      where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    )
    order by 1, 2"""

Schema = dict[tuple[str, str], str]


def schema_of(connection: psycopg.Connection[Any]) -> Schema:
    """Everything the owned schemas hold but rows, by kind and name."""
    found: Schema = {}
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        # Without a search_path every name is written out, whoever asks.
        cursor.execute("set local search_path = ''")
        for kind, query in _QUERIES.items():
            for name, definition in cursor.execute(
                query.encode(), {"schemas": list(OWNED_SCHEMAS)}
            ):
                found[kind, name] = definition
    return found


def differences(first: Schema, second: Schema) -> list[str]:
    """What is not the same in both, one line each."""
    return [
        f"{kind} {name}: {first.get((kind, name), 'missing')} | "
        f"{second.get((kind, name), 'missing')}"
        for kind, name in sorted(first.keys() | second.keys())
        if first.get((kind, name)) != second.get((kind, name))
    ]


def history_of(connection: psycopg.Connection[Any]) -> list[tuple[str, str, list[str]]]:
    """The migrations that are recorded: version, name, statements."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return cursor.execute(
            "select version, name, statements from supabase_migrations.schema_migrations order by 1"
        ).fetchall()


def tables_of_tenants(
    connection: psycopg.Connection[Any], *, views: bool = False
) -> list[sql.Identifier]:
    """Every table of the owned schemas with a tenant_id, partitions too, and views if asked."""
    kinds = ["r", "p", "f", *(["v", "m"] if views else [])]
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        rows = cursor.execute(
            _TENANT_TABLES.encode(), {"schemas": list(OWNED_SCHEMAS), "kinds": kinds}
        ).fetchall()
    return [sql.Identifier(schema, name) for schema, name in rows]
