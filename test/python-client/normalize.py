"""§2 Normalization, §3 PrivateInput and similarity forms."""

import unicodedata

from refusal import refuse_unless

WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"

PAIR, USERNAME, PASSWORD, SIMILAR = 1, 2, 3, 4


def scalar_values(text):
    """Pairs of surrogates become one code point, those without a partner U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def normalize_password(text):
    return unicodedata.normalize("NFC", scalar_values(text)).encode()


def normalize_username(text):
    before, text = None, scalar_values(text)
    while text != before:
        before = text
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).strip(WHITE_SPACE).lower())
    return text.encode()


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
            short = len(run) <= 3 and sum(map(is_digit, run)) <= 2
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
    text = folded(password)
    forms = [form for form in (text, text[:-1], text[:-2], text[1:]) if len(form) >= 4]
    letters = "".join(point for point in text if not is_digit(point))
    forms += [letters] if len(letters) >= 5 else []
    return [form.encode() for form in dict.fromkeys(forms)]
