# Verifies an assertion as an application in Python does, with Debian's PyJWT. Arguments: the URL of
# the published keys, the issuer, the audience. The assertion is on standard input.
import json
import sys

import jwt

url, issuer, audience = sys.argv[1:]
token = sys.stdin.read().strip()
try:
    key = jwt.PyJWKClient(url).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token, key.key, algorithms=["ES256"], audience=audience, issuer=issuer, options={"require": ["exp", "iat", "aud", "iss"]}
    )
    print(json.dumps(claims))
except jwt.PyJWTError as error:
    print(json.dumps({"error": type(error).__name__}))
