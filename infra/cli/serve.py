"""`station serve` and `station token`: the HTTP service for applications, and who may use it."""

from typing import Annotated, get_args

import typer

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, addresses


def serve(config: Config = None) -> None:
    """Serve what is on the road over HTTP until Ctrl-C; it only reads."""
    # the framework costs every other command half a second
    from infra.serve.server import serve as run
    from infra.serve.tokens import TokensError

    given = addresses(config)
    scheme = "https" if given.serve.certificate_file else "http"
    where = f"{scheme}://{given.serve.host}:{given.serve.port}"
    console.print(f"{where}/v1/objects, described by {where}/openapi.json", highlight=False)
    if not given.serve.tokens_file:
        console.print("Everybody on this machine may ask: serve.tokens_file is not set.")
    try:
        status = run(given)
    except TokensError as error:
        raise CommandError(str(error)) from error
    raise typer.Exit(status)


def token(
    name: Annotated[str, typer.Argument(help="Of who gets it, for logs and limits.")],
    role: Annotated[list[str] | None, typer.Option(help="live, history; both if left out.")] = None,
) -> None:
    """Make a token, shown once, and the lines for serve.tokens_file."""
    from infra.serve.tokens import ROLES, Role, new_token

    roles = tuple(role or ROLES)
    unknown = set(roles) - set(get_args(Role))
    if unknown or not name.replace("-", "").replace("_", "").isalnum():
        msg = "a name has letters, digits, - and _; roles are " + ", ".join(ROLES)
        raise CommandError(msg)
    made, digest = new_token()
    console.print("The token, which is nowhere kept:", made, highlight=False, soft_wrap=True)
    console.print("For serve.tokens_file:")
    listed = ", ".join(f'"{one}"' for one in roles)
    lines = f'[tokens.{name}]\nsha256 = "{digest}"\nroles = [{listed}]'
    console.print(lines, highlight=False, soft_wrap=True, markup=False)
