"""What the database keeps by itself, beyond what models can say: each plate once, and zones' names.

Each plate is kept once, with an index over its parts. SQLite has a full-text index over pieces of
three letters for this. PostgreSQL has one over arrays, and needs no extension: which are often not
to be had. A permit's plate is written down when the permit is entered or its plate is changed, and
no other write costs anything.

PostgreSQL also refuses a new name for a zone under its permits, whoever asks for it: the controller
keeps the name it was given, and an update cannot tell it of another. Removing such a zone is refused
by the foreign key already. SQLite, which cannot alter a table that another table's trigger reads,
leaves the name to the model.
"""

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SQLITE = (
    # Two signs more, so that a piece begins with every character but these.
    """CREATE VIRTUAL TABLE permits_plate_part USING fts5(
         key, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')""",
    "CREATE VIRTUAL TABLE permits_plate_term USING fts5vocab('permits_plate_part', 'row')",
    """CREATE TRIGGER permits_plate_added AFTER INSERT ON permits_plate BEGIN
         INSERT INTO permits_plate_part (rowid, key) VALUES (new.id, new.key || '__'); END""",
    """CREATE TRIGGER permits_plate_removed AFTER DELETE ON permits_plate BEGIN
         INSERT INTO permits_plate_part (permits_plate_part, rowid, key)
         VALUES ('delete', old.id, old.key || '__'); END""",
    """CREATE TRIGGER permits_permit_plate_entered AFTER INSERT ON permits_permit
         WHEN NOT EXISTS (SELECT 1 FROM permits_plate WHERE key = new.plate_key) BEGIN
         INSERT INTO permits_plate (key) VALUES (new.plate_key); END""",
    """CREATE TRIGGER permits_permit_plate_changed AFTER UPDATE OF plate ON permits_permit
         WHEN NOT EXISTS (SELECT 1 FROM permits_plate WHERE key = new.plate_key) BEGIN
         INSERT INTO permits_plate (key) VALUES (new.plate_key); END""",
)
_SQLITE_BACK = (
    "DROP TRIGGER permits_permit_plate_changed",
    "DROP TRIGGER permits_permit_plate_entered",
    "DROP TRIGGER permits_plate_removed",
    "DROP TRIGGER permits_plate_added",
    "DROP TABLE permits_plate_term",
    "DROP TABLE permits_plate_part",
)
_POSTGRESQL = (
    """CREATE FUNCTION permits_plate_parts(key text) RETURNS text[]
         LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
         SELECT array_agg(DISTINCT substr(key, n, size))
         FROM generate_series(1, length(key)) AS n, unnest(ARRAY[2, 3]) AS size
         WHERE n + size <= length(key) + 1 $$""",
    "CREATE INDEX plate_parts ON permits_plate USING gin (permits_plate_parts(key))",
    # In one order, so that two who write many permits do not wait for each other for ever.
    """CREATE FUNCTION permits_note_plates() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO permits_plate (key)
           SELECT DISTINCT plate_key FROM entered WHERE NOT EXISTS (
             SELECT 1 FROM permits_plate WHERE key = plate_key) ORDER BY 1
           ON CONFLICT DO NOTHING;
         RETURN NULL; END $$""",
    """CREATE FUNCTION permits_note_plate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO permits_plate (key) VALUES (new.plate_key) ON CONFLICT DO NOTHING;
         RETURN NULL; END $$""",
    """CREATE TRIGGER permits_permit_plate_entered AFTER INSERT ON permits_permit
         REFERENCING NEW TABLE AS entered FOR EACH STATEMENT
         EXECUTE FUNCTION permits_note_plates()""",
    """CREATE TRIGGER permits_permit_plate_changed AFTER UPDATE OF plate ON permits_permit
         FOR EACH ROW WHEN (old.plate IS DISTINCT FROM new.plate)
         EXECUTE FUNCTION permits_note_plate()""",
)
_POSTGRESQL_BACK = (
    "DROP TRIGGER permits_permit_plate_changed ON permits_permit",
    "DROP TRIGGER permits_permit_plate_entered ON permits_permit",
    "DROP FUNCTION permits_note_plate()",
    "DROP FUNCTION permits_note_plates()",
    "DROP INDEX plate_parts",
    "DROP FUNCTION permits_plate_parts(text)",
)
_WHY = "A zone that permits use cannot be renamed: the controller keeps the name it was given."
_POSTGRESQL += (
    f"""CREATE FUNCTION permits_zone_name_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF EXISTS (SELECT 1 FROM permits_permit WHERE zone_id = OLD.id) THEN
           RAISE EXCEPTION '{_WHY}' USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW; END $$""",
    """CREATE TRIGGER zone_name_stays BEFORE UPDATE OF name ON permits_zone
         FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name)
         EXECUTE FUNCTION permits_zone_name_stays()""",
)
_POSTGRESQL_BACK += (
    "DROP TRIGGER zone_name_stays ON permits_zone",
    "DROP FUNCTION permits_zone_name_stays()",
)


def lay_down(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have the database keep them."""
    _execute(schema_editor, {"sqlite": _SQLITE, "postgresql": _POSTGRESQL})


def take_up(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have it keep none."""
    _execute(schema_editor, {"sqlite": _SQLITE_BACK, "postgresql": _POSTGRESQL_BACK})


def _execute(
    schema_editor: BaseDatabaseSchemaEditor, statements: dict[str, tuple[str, ...]]
) -> None:
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
