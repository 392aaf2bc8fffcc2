"""What the console's buttons ask before they call a service."""

from django import forms

from apps.accounts.choices import Role, Scope


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(choices=Role.choices, initial=Role.CONTRIBUTOR)


class RotateForm(forms.Form):
    grace = forms.TypedChoiceField(
        label="How long the present key goes on",
        coerce=int,
        choices=[
            (0, "It stops at once"),
            (1, "For an hour"),
            (24, "For a day"),
            (168, "For a week"),
        ],
    )


class KeyForm(forms.Form):
    name = forms.CharField(max_length=100)
    scopes = forms.MultipleChoiceField(
        choices=[(Scope.READ, "Read"), (Scope.WRITE, "Write")],
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label="Good for",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked")],
        initial=90,
    )
