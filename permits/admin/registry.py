"""Which record has which pages. Imported once the apps have registered their own."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User

from permits.admin.accounts import GroupAdmin, StaffAdmin
from permits.admin.activity import ActivityAdmin
from permits.admin.batch import BatchAdmin
from permits.admin.history import SyncAttemptAdmin
from permits.admin.permit import PermitAdmin
from permits.admin.zone import ZoneAdmin
from permits.models import Activity, Batch, Permit, SyncAttempt, Zone

# Those of allauth would show secrets, and let them be changed.
admin.site.unregister((EmailAddress, Authenticator, UserSession))
admin.site.unregister((User, Group))
admin.site.register(Permit, PermitAdmin)
admin.site.register(Batch, BatchAdmin)
admin.site.register(Zone, ZoneAdmin)
admin.site.register(SyncAttempt, SyncAttemptAdmin)
admin.site.register(Activity, ActivityAdmin)
admin.site.register(User, StaffAdmin)
admin.site.register(Group, GroupAdmin)
