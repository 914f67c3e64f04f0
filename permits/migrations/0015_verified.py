"""Write down that the history was verified, so that what was found cannot vanish."""

from django.db import migrations, models

_KINDS = [
    ("signed_in", "Signed in"),
    ("failed", "Sign-in failed"),
    ("locked_out", "Locked out"),
    ("lockout_lifted", "Lock-out lifted"),
    ("signed_out", "Signed out"),
    ("signed_out_all", "Signed out everywhere"),
    ("factor_added", "Second factor added"),
    ("factor_removed", "Second factor removed"),
    ("user_added", "User added"),
    ("user_changed", "User changed"),
    ("user_removed", "User removed"),
    ("group_added", "Group added"),
    ("group_changed", "Group changed"),
    ("group_removed", "Group removed"),
    ("exported", "Exported"),
    ("sealed", "History sealed"),
    ("verified", "History verified"),
    ("archived", "History archived"),
    ("calls_resumed", "Calls resumed"),
    ("run_stopped", "Bulk run stopped"),
    ("run_resumed", "Bulk run resumed"),
]


class Migration(migrations.Migration):
    dependencies = [("permits", "0014_resumed_and_stopped")]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(choices=_KINDS, max_length=16),
        ),
    ]
