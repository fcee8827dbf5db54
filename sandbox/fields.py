"""Which fields the write calls take, of what type and length, from Zoho's own API description.

https://www.zoho.com/books/api/v3/contacts/ , …/invoices/, …/customer-payments/, …/credit-notes/ and …/expenses/. Some
choices are ours: an invoice's `reference_number` has the limit its siblings have; its lines take the `account_id`, and
a credit note's lines the rate and unit, that Zoho lists only in what it answers; itemised and mileage expenses are left
out.
"""

from collections.abc import Iterable

from sandbox.validation import Amount, Day, Fields, Flag, Group, Id, Number, Rows, Rule, Scalar, Text, Whole


def _each(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


def _all(*parts: Fields) -> Fields:
    return {name: rule for part in parts for name, rule in part.items()}


def _without(fields: Fields, names: Iterable[str]) -> dict[str, Rule]:
    return {name: rule for name, rule in fields.items() if name not in names}


_TAGS = Rows(Group(_each(Id(), "tag_id tag_option_id")))
_CUSTOM_FIELDS = Rows(
    Group({"customfield_id": Id(), "api_name": Text(), "label": Text(), "index": Whole(10), "value": Scalar()})
)
_ADDRESS = Group(
    _all(
        {"address": Text(500), "street2": Text(255)},
        _each(Text(100), "attention city state state_code country"),
        _each(Text(50), "zip fax phone"),
    )
)

# Fields that only some countries' editions use.
_CONTACT_EDITIONS = _each(
    Text(),
    "vat_reg_no tax_reg_no tax_exemption_certificate_number country_code vat_treatment tax_treatment tax_regime "
    "legal_name place_of_contact gst_no gst_treatment tax_authority_name avatax_exempt_no avatax_use_code "
    "tax_exemption_code tax_id_type tax_id_value",
)
_INVOICE_EDITIONS = _all(
    _each(Text(), "place_of_supply vat_treatment tax_treatment gst_treatment gst_no cfdi_usage"),
    _each(Text(25), "avatax_use_code avatax_exempt_no avatax_tax_code"),
)
_CREDIT_NOTE_EDITIONS = _all(_INVOICE_EDITIONS, {"cfdi_reference_type": Text()})
_EXPENSE_EDITIONS = _all(
    _each(
        Text(),
        "source_of_supply destination_of_supply place_of_supply hsn_or_sac gst_no vat_treatment tax_treatment "
        "product_type",
    ),
    _each(Id(), "reverse_charge_tax_id acquisition_vat_id reverse_charge_vat_id"),
)

_CONTACT_PERSON: Fields = _all(
    {"salutation": Text(25), "is_primary_contact": Flag(), "enable_portal": Flag()},
    _each(Text(100), "first_name last_name email designation"),
    _each(Text(50), "phone mobile department skype"),
    {"communication_preference": Group(_each(Flag(), "is_sms_enabled is_whatsapp_enabled"))},
)
_TEMPLATES = Group(
    _each(
        Id(),
        "invoice_template_id estimate_template_id creditnote_template_id purchaseorder_template_id "
        "salesorder_template_id retainerinvoice_template_id paymentthankyou_template_id "
        "retainerinvoice_paymentthankyou_template_id invoice_email_template_id estimate_email_template_id "
        "creditnote_email_template_id purchaseorder_email_template_id salesorder_email_template_id "
        "retainerinvoice_email_template_id paymentthankyou_email_template_id "
        "retainerinvoice_paymentthankyou_email_template_id statement_template_id "
        "payment_remittance_email_template_id bill_template_id",
    )
)

CONTACT_CREATE: Fields = _all(
    {
        "contact_name": Text(200),
        "company_name": Text(200),
        "contact_type": Text(choices=("customer", "vendor")),
        "customer_sub_type": Text(choices=("individual", "business")),
        "payment_terms": Whole(),
        "credit_limit": Number(),
        "billing_address": _ADDRESS,
        "shipping_address": _ADDRESS,
        "contact_persons": Rows(Group(_CONTACT_PERSON)),
        "default_templates": _TEMPLATES,
        "custom_fields": _CUSTOM_FIELDS,
        "tags": _TAGS,
        "opening_balances": Rows(
            Group({"location_id": Id(), "exchange_rate": Number(), "opening_balance_amount": Number()})
        ),
    },
    _each(Text(200), "contact_number payment_terms_label pricebook_id"),
    _each(Text(100), "facebook twitter"),
    _each(Text(), "website language_code notes"),
    _each(Id(), "currency_id owner_id tax_exemption_id tax_authority_id tax_id tds_tax_id"),
    _each(Flag(), "ignore_auto_number_generation is_portal_enabled is_taxable is_tds_registered track_1099"),
    _CONTACT_EDITIONS,
)
CONTACT_UPDATE: Fields = _all(
    _without(CONTACT_CREATE, ("language_code", "is_portal_enabled", "tds_tax_id")),
    {"contact_persons": Rows(Group(_all(_CONTACT_PERSON, {"contact_person_id": Id()})))},
)

_INVOICE_LINE: Fields = _all(
    {
        "name": Text(100),
        "description": Text(2000),
        "unit": Text(100),
        "rate": Number(),
        "quantity": Number(),
        "discount": Amount(or_percent=True),
        "discount_amount": Number(),
        "item_order": Whole(),
        "tax_percentage": Number(),
        "bcy_rate": Number(),
        "line_item_category": Text(choices=("line_item",)),
        "product_type": Text(choices=("goods", "services")),
        "time_entry_ids": Rows(Id()),
        "tags": _TAGS,
    },
    _each(
        Text(),
        "tax_name tax_type tax_treatment_code hsn_or_sac sat_item_key_code unitkey_code expense_receipt_name",
    ),
    _each(
        Id(),
        "item_id account_id project_id location_id expense_id bill_id bill_item_id tax_id tds_tax_id "
        "salesorder_item_id",
    ),
)
_PERSONS_ASSOCIATED = Rows(
    Group(
        {
            "contact_person_id": Id(),
            "communication_preference": Group(_each(Flag(), "is_email_enabled is_sms_enabled is_whatsapp_enabled")),
        }
    )
)
INVOICE_CREATE: Fields = _all(
    {
        "reference_number": Text(100),
        "invoice_number": Text(100),
        "payment_terms": Whole(100),
        "payment_terms_label": Text(100),
        "salesperson_name": Text(200),
        "date": Day(),
        "due_date": Day(),
        "discount": Amount(or_percent=True),
        "discount_type": Text(choices=("entity_level", "item_level")),
        "shipping_charge": Amount(),
        "adjustment": Number(),
        "exchange_rate": Number(),
        "line_items": Rows(Group(_INVOICE_LINE)),
        "contact_persons": Rows(Id()),
        "contact_persons_associated": _PERSONS_ASSOCIATED,
        "payment_options": Group(
            {
                "payment_gateways": Rows(
                    Group({"configured": Flag(), "additional_field1": Text(), "gateway_name": Text()})
                )
            }
        ),
        "batch_payments": Rows(Group({"payment_mode": Text(), "amount": Amount(), "account_id": Id()})),
        "time_entry_ids": Rows(Id()),
        "custom_fields": _CUSTOM_FIELDS,
        "tags": _TAGS,
    },
    _each(
        Flag(),
        "is_inclusive_tax is_discount_before_tax is_reverse_charge_applied allow_partial_payments send",
    ),
    _each(Text(), "notes terms adjustment_description reason custom_body custom_subject"),
    _each(
        Id(),
        "customer_id currency_id template_id location_id recurring_invoice_id invoiced_estimate_id tax_authority_id "
        "tax_exemption_id billing_address_id shipping_address_id tax_id expense_id salesorder_item_id",
    ),
    _INVOICE_EDITIONS,
)
INVOICE_UPDATE: Fields = _all(
    _without(
        INVOICE_CREATE,
        ("contact_persons", "send", "billing_address_id", "shipping_address_id", "time_entry_ids", "batch_payments"),
    ),
    {
        "line_items": Rows(Group(_all(_INVOICE_LINE, {"line_item_id": Id()}))),
        "line_item_id": Id(),
        "cfdi_reference_type": Text(),
        "reference_invoice_id": Id(),
    },
)

EMAIL: Fields = _all(
    {"send_from_org_email_id": Flag(), "from_address_id": Id(), "subject": Text(1000), "body": Text(5000)},
    _each(Rows(Text()), "to_mail_ids cc_mail_ids"),
)

PAYMENT: Fields = _all(
    {
        "amount": Number(),
        "date": Day(),
        "payment_mode": Text(100),
        "reference_number": Text(100),
        "exchange_rate": Number(),
        "bank_charges": Number(),
        "amount_applied": Number(),
        "invoices": Rows(
            Group({"invoice_id": Id(), "amount_applied": Number(), "tax_amount_withheld": Number()}),
        ),
        "contact_persons": Rows(Id()),
        "custom_fields": _CUSTOM_FIELDS,
        "tags": _TAGS,
    },
    _each(Text(), "description payment_form"),
    _each(Id(), "customer_id account_id invoice_id location_id retainerinvoice_id"),
)

_CREDIT_NOTE_LINE: Fields = _all(
    {
        "name": Text(100),
        "description": Text(2000),
        "code": Text(100),
        "unit": Text(100),
        "type": Whole(),
        "rate": Number(),
        "quantity": Number(),
        "line_item_category": Text(choices=("line_item",)),
        "product_type": Text(choices=("goods", "services")),
        "tags": _TAGS,
    },
    _each(Text(), "account_name tax_treatment_code sat_item_key_code unitkey_code serial_numbers"),
    _each(Id(), "item_id invoice_id invoice_item_id account_id tax_id tds_tax_id location_id project_id"),
)
CREDIT_NOTE_CREATE: Fields = _all(
    {
        "date": Day(),
        "exchange_rate": Amount(),
        "creditnote_number": Text(100),
        "reference_number": Text(100),
        "line_items": Rows(Group(_CREDIT_NOTE_LINE)),
        "contact_persons_associated": _PERSONS_ASSOCIATED,
        "custom_fields": _CUSTOM_FIELDS,
        "tags": _TAGS,
    },
    _each(Flag(), "is_draft is_inclusive_tax is_reverse_charge_applied ignore_auto_number_generation"),
    _each(Text(), "notes terms"),
    _each(Id(), "customer_id currency_id location_id template_id tax_id tax_authority_id tax_exemption_id"),
    _CREDIT_NOTE_EDITIONS,
)
CREDIT_NOTE_UPDATE: Fields = _all(
    CREDIT_NOTE_CREATE, {"line_items": Rows(Group(_all(_CREDIT_NOTE_LINE, {"line_item_id": Id()})))}
)
CREDITED_INVOICES: Fields = {
    "invoices": Rows(Group({"invoice_id": Id(), "amount_applied": Number()})),
    "invoice_id": Id(),
    "amount_applied": Number(),
}
REFUND: Fields = _all(
    {"date": Day(), "amount": Number(), "exchange_rate": Amount(), "refund_mode": Text(50)},
    {"reference_number": Text(100), "from_account_id": Id()},
    _each(Text(), "payment_form description"),
)

EXPENSE: Fields = _all(
    {
        "date": Day(),
        "amount": Number(),
        "reference_number": Text(100),
        "description": Text(100),
        "is_inclusive_tax": Flag(),
        "is_billable": Flag(),
        "exchange_rate": Number(),
        "custom_fields": _CUSTOM_FIELDS,
        "tags": _TAGS,
    },
    _each(
        Id(),
        "account_id paid_through_account_id vendor_id customer_id currency_id tax_id project_id location_id "
        "employee_id",
    ),
    _EXPENSE_EDITIONS,
)
