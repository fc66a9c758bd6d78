"""§2 Normalization, §3 PrivateInput and similarity forms."""

import re
import unicodedata

from refusal import refuse_unless

WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"

PAIR, USERNAME, PASSWORD, SIMILAR = 1, 2, 3, 4


def scalar_values(text):
    """Pairs of surrogates become one code point, those without a partner U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def bounded(text):
    """Ordering a run of marks takes quadratic time."""
    text = scalar_values(text)
    refuse_unless(text.isascii() or len(text) <= 1024, "FIELD_TOO_LONG", "a text that is not ASCII")
    return text


def normalize_password(text):
    return unicodedata.normalize("NFC", bounded(text)).encode()


def normalize_username(text):
    before, text = None, bounded(text)
    while text != before:
        before = text
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).strip(WHITE_SPACE).lower())
    return text.encode()


USERNAME_RULES = ("punycode", "plus-tags", "gmail-dots")


def are_username_rules(value):
    return type(value) is list and len(value) > 0 and value == [rule for rule in USERNAME_RULES if rule in value]


IGNORED = "\u00ad\u200b\u2060\ufeff" + "".join(map(chr, range(0xFE00, 0xFE10)))
HOST_NAME = re.compile("[a-z0-9._-]+", re.ASCII)


def is_invalid(point):
    """Controls, surrogates, private and unassigned code points."""
    return unicodedata.category(point)[0] == "C"


def ascii_label(label):
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def ascii_domain(domain):
    """ToASCII of UTS #46 as far as the standard library goes: it has no tables of valid code points."""
    rest = "".join(point for point in domain if point.isascii())
    if domain.isascii() or not HOST_NAME.fullmatch(rest or "a") or "\ufffd" in domain:
        return domain
    mapped = unicodedata.normalize("NFC", "".join(point for point in domain if point not in IGNORED))
    labels = re.split("[.\u3002]", mapped)
    try:
        for label in labels:
            decoded = label[4:].encode().decode("punycode") if label.startswith("xn--") else label
            if ascii_label(decoded) != ascii_label(label) or any(map(is_invalid, decoded)):
                return domain
    except UnicodeError:
        return domain
    result = ".".join(map(ascii_label, labels))
    number = re.search(r"(^|\.)([0-9]+|0x[0-9a-f]*)\.?$", result)
    return domain if number or not HOST_NAME.fullmatch(result) else result


def rewrite_username(username, rules):
    """§2, for a normalized username in UTF-8."""
    local, at, domain = username.decode().rpartition("@")
    if not local or not domain:
        return username
    for rule in rules:
        quoted = local.startswith('"')
        if rule == "punycode":
            domain = ascii_domain(domain)
        elif rule == "plus-tags" and not quoted:
            local = local[: local.find("+")] if local.find("+") > 0 else local
        elif rule == "gmail-dots" and not quoted and domain in ("gmail.com", "googlemail.com"):
            if local.isascii() and local.strip("."):
                local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}".encode()


def len2(content):
    return len(content).to_bytes(2, "big")


def private_input(kind, username, password):
    refuse_unless(len(username) <= 0xFFFF and len(password) <= 0xFFFF, "FIELD_TOO_LONG", "a field")
    return bytes([kind]) + len2(username) + username + len2(password) + password


DISGUISES = {"@": "a", "4": "a", "3": "e", "1": "i", "0": "o", "5": "s", "$": "s", "7": "t"}


def is_letter(point):
    return "a" <= point <= "z" or point >= "\x80"


def is_digit(point):
    return "0" <= point <= "9"


def undisguise(text):
    result, at = "", 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] in DISGUISES:
            end += 1
        run = text[at:end]
        if run:
            follows = end < len(text) and is_letter(text[end])
            precedes = at == 0 or is_letter(text[at - 1])
            short = len(run) <= 3 and sum(map(is_digit, run)) <= (1 if at == 0 else 2)
            result += "".join(DISGUISES[point] for point in run) if follows and precedes and short else run
            at = end
        else:
            result += text[at]
            at += 1
    return result


def folded(password):
    """T, from a normalized password in UTF-8."""
    # Code point by code point: Final_Sigma does not apply.
    text = "".join(point.lower() for point in password.decode())
    text = undisguise(unicodedata.normalize("NFC", text))
    plain = "".join(point for point in text if not " " <= point <= "~" or is_letter(point) or is_digit(point))
    text = plain if len(plain) >= 4 else text
    half = len(text) // 2
    return text[:half] if half >= 4 and text == text[:half] * 2 else text


def similar_forms(password):
    """Zero to five forms in UTF-8, those that do not fit a PrivateInput too."""
    return forms_of(folded(password))


def asked_forms(password):
    """With one more if there are fewer than five."""
    text = folded(password)
    forms = forms_of(text)
    digits = len(text) - len(text.rstrip("0123456789"))
    more = text[2:] if digits < 3 else text[: -min(digits, 4)]
    return forms + ([more.encode()] if len(forms) < 5 and len(more) >= 4 else [])


def forms_of(text):
    forms = [form for form in (text, text[:-1], text[:-2], text[1:]) if len(form) >= 4]
    letters = "".join(point for point in text if not is_digit(point))
    forms += [letters] if len(letters) >= 5 else []
    return [form.encode() for form in dict.fromkeys(forms)]
