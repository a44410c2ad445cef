"""Forms about customers, packages and brands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Brand, Customer, Package
from mailstead.control.people.actor import Actor
from mailstead.control.people.roles import may
from mailstead.control.web.forms import SizeField
from mailstead.control.web.templatetags.panel import limit


class LimitField(forms.IntegerField):
    """A number; empty is no limit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=1_000_000, **options)


class PackageField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the packages, with what it holds."""

    def label_from_instance(self, obj: Package) -> str:
        """The package's name and storage."""
        return f"{obj.name} ({limit(obj.quota)})"


class LimitsForm(forms.Form):
    """Storage, mailboxes, domains."""

    quota = SizeField(
        label=_("Storage"),
        help_text=_("All mailboxes share it, for example 50 GiB. Empty: no limit."),
    )
    mailbox_limit = LimitField(label=_("Mailboxes at most"), help_text=_("Empty: no limit."))
    domain_limit = LimitField(label=_("Domains at most"), help_text=_("Empty: no limit."))


class CustomerForm(LimitsForm):
    """A customer, new or as it is."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.CharField(
        label=_("Contact address"),
        max_length=254,
        required=False,
        help_text=_("Not in a domain hosted here: it must reach them when mail here does not."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    package = PackageField(
        label=_("Package"),
        queryset=Package.objects.none(),
        required=False,
        empty_label=_("None: the limits below"),
        help_text=_("Gives storage, mailboxes and domains; what stands below then does not count."),
    )

    field_order = ("name", "email", "package", "quota", "mailbox_limit", "domain_limit")

    def __init__(self, actor: Actor, customer: Customer | None = None, data: Any = None) -> None:
        fields = ("name", "email", "package", "quota", "mailbox_limit", "domain_limit")
        now = {name: getattr(customer, name) for name in fields} if customer else None
        super().__init__(data, initial=now)
        choice = self.fields["package"]
        assert isinstance(choice, PackageField)
        choice.queryset = queries.packages_for(actor, customer)
        if not choice.queryset.exists():
            del self.fields["package"]
        if customer is not None:
            return
        if may(actor, "customer.make-reseller"):
            self.fields["is_reseller"] = forms.BooleanField(
                label=_("Is a reseller"),
                required=False,
                help_text=_("May have customers of its own, with packages and a brand."),
            )
        self.fields["invite"] = forms.BooleanField(
            label=_("Invite this person"),
            required=False,
            initial=True,
            help_text=_("The contact address gets a link to choose a password."),
        )

    def chosen(self) -> dict[str, Any]:
        """What a new customer is made of."""
        return dict(self.cleaned_data)

    def changes(self) -> dict[str, Any]:
        """What the service that changes a customer takes; a package comes before own limits."""
        data = self.cleaned_data
        kept: dict[str, Any] = {"name": data["name"], "email": data["email"]}
        if data.get("package"):
            return {**kept, "package": data["package"]}
        for what in ("mailbox_limit", "domain_limit"):
            kept[what] = data[what]
            kept[f"no_{what}"] = data[what] is None
        return {**kept, "quota": data["quota"]}


class SuspendForm(forms.Form):
    """Why a customer is suspended."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The customer reads it, for example: the invoice of March is not paid."),
    )


class PackageForm(LimitsForm):
    """A package."""

    name = forms.CharField(label=_("Name"), max_length=80)

    field_order = ("name", "quota", "mailbox_limit", "domain_limit")

    @classmethod
    def of(cls, package: Package | None, data: Any = None) -> PackageForm:
        """The form with what the package has now."""
        fields = ("name", "quota", "mailbox_limit", "domain_limit")
        now = {name: getattr(package, name) for name in fields} if package else None
        return cls(data, initial=now)


class BrandForm(forms.Form):
    """How the panel looks to a reseller's customers."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("At the top of every page and in mails.")
    )
    accent = forms.CharField(
        label=_("Colour"),
        max_length=7,
        required=False,
        help_text=_(
            "Of buttons and links, as #1f5fbf; white words on it must be readable. Dark pages get "
            "a lighter tone by themselves. Empty: the colour of the house."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG or WebP, at most 100 KiB and 1000 by 1000 pixels; shown 28 pixels high."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/webp"}),
    )
    no_logo = forms.BooleanField(label=_("Show no logo"), required=False)
    hostnames = forms.MultipleChoiceField(
        label=_("Host names"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Under these names the sign-in page shows this brand too."),
    )
    support_email = forms.CharField(
        label=_("Address for help"),
        max_length=254,
        required=False,
        help_text=_("Where customers ask when they need help."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, brand: Brand | None, hostnames: list[str], data: Any = None, files: Any = None
    ) -> None:
        fields = ("name", "accent", "hostnames", "support_email")
        now = {name: getattr(brand, name) for name in fields} if brand else None
        super().__init__(data, files, initial=now)
        if hostnames:
            field = self.fields["hostnames"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(name, name) for name in hostnames]
        else:
            del self.fields["hostnames"]
        if brand is None or not brand.logo_type:
            del self.fields["no_logo"]

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = dict(self.cleaned_data)
        upload = data.pop("logo", None)
        # One byte more than may be is enough to be refused; the rest is never read.
        data["logo"] = upload.read(100 * 1024 + 1) if upload else None
        return data
