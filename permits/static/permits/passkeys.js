/** Says on the page what allauth's script would tell the console: that a passkey was not used. */

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const words = document.getElementById("passkey-error");
  words.hidden = false;
  words.scrollIntoView({ block: "nearest" });
});

// Without a device or a browser that can, a button that leads nowhere is not shown.
if (!window.PublicKeyCredential) {
  for (const each of document.querySelectorAll("[data-needs-passkeys]")) each.hidden = true;
}
