"""Security: how brokers are spoken to, in the words of aiokafka and of Faust.

In: settings. Out: options of aiokafka clients, credentials of a Faust app.
Invariant: every client of the product, the agents' as well as the commands', is made with these.
Deliberately absent: certificates and users; whoever runs the brokers has them.
"""

from __future__ import annotations

import ssl
from typing import Any

import faust
from aiokafka.helpers import create_ssl_context

from streams.service.settings import Settings


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, where the protocol has TLS. Errors: OSError for a file that cannot be read."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    files = (settings.ssl_cafile, settings.ssl_certfile, settings.ssl_keyfile)
    cafile, certfile, keyfile = (str(path) if path else None for path in files)
    context: ssl.SSLContext = create_ssl_context(cafile=cafile, certfile=certfile, keyfile=keyfile)
    return context


def client_options(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client is given."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def credentials(settings: Settings) -> Any:
    """What a Faust app is given: None for plain text."""
    context = ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            ssl_context=context,
            mechanism=settings.sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context is not None else None
