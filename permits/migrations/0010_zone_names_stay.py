"""Have PostgreSQL refuse a new name for a zone under its permits, whoever asks for it.

The controller keeps the name it was given, and an update cannot tell it of another. Removing such a
zone is refused by the foreign key already. SQLite, which cannot alter a table that another table's
trigger reads, leaves the name to the model.
"""

from django.db import migrations

WHY = "A zone that permits use cannot be renamed: the controller keeps the name it was given."
CREATE = f"""
    CREATE FUNCTION permits_zone_name_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM permits_permit WHERE zone_id = OLD.id) THEN
            RAISE EXCEPTION '{WHY}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER zone_name_stays BEFORE UPDATE OF name ON permits_zone FOR EACH ROW
    WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION permits_zone_name_stays();
"""
DROP = "DROP TRIGGER zone_name_stays ON permits_zone; DROP FUNCTION permits_zone_name_stays();"


def forwards(apps, schema_editor):
    """Create the trigger."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def backwards(apps, schema_editor):
    """Remove it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("permits", "0009_worker")]

    operations = [migrations.RunPython(forwards, backwards)]
