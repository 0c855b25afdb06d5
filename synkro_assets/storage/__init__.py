"""All SQL that Python runs, one module per group of tables; no HTTP.

The schema itself is ``supabase/migrations``; the transforms are ``dbt_project``, which
``transforms`` runs in this process.
"""
