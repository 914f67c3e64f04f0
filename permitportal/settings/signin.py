"""How people sign in, and how long that lasts."""

from datetime import timedelta

from permitportal import readers
from permitportal.environment import read

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # refuses who is locked out, before a password is tried
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
SESSION_IDLE = read(
    "SESSION_IDLE_MINUTES",
    readers.span("minutes", 24 * 60),
    "60",
    "Give the minutes without a click after which a session ends, such as 60.",
)
SESSION_AGE = read(
    "SESSION_AGE_HOURS",
    readers.span("hours", 24 * 30),
    "12",
    "Give the hours after which every session ends, such as 12.",
)
SESSION_ENGINE = "permits.signin.session_store"
# The portal ends sessions itself; it has to recognise one that ended to hand back what was typed.
SESSION_COOKIE_AGE = int((SESSION_AGE + timedelta(days=1)).total_seconds())
MFA_REQUIRED_GROUPS = read(
    "MFA_REQUIRED_GROUPS",
    readers.words,
    "",
    "List the groups whose members must use a second factor, separated by commas; Administrators "
    "means those who may do everything.",
)
# allauth does the second step of signing in; what it offers besides has no address here.
ACCOUNT_ADAPTER = "permits.signin.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # django-axes counts codes as it does passwords
MFA_ADAPTER = "permits.signin.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "permits.signin.forms.CodeForm",
    "reauthenticate": "permits.signin.forms.CodeAgainForm",
    "authenticate_webauthn": "permits.signin.forms.PasskeyStepForm",
    "login_webauthn": "permits.signin.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "permits.signin.forms.PasskeyAgainForm",
    "add_webauthn": "permits.signin.forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "permitportal"
MFA_TOTP_TOLERANCE = 1  # clocks that differ by half a minute
AXES_FAILURE_LIMIT = read(
    "LOCKOUT_TRIES",
    readers.whole(3, 100),
    "5",
    "Give the failed tries after which a name is locked out, such as 5.",
)
AXES_COOLOFF_TIME = read(
    "LOCKOUT_MINUTES",
    readers.span("minutes", 24 * 60),
    "15",
    "Give the minutes for which a name stays locked out, such as 15.",
)
AXES_HANDLER = "permits.signin.lockout.LockoutHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "permits.signin.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else nobody could say when it ends
AXES_DISABLE_ACCESS_LOG = True  # what people did stands in the activity
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "credential", "csrfmiddlewaretoken"]
