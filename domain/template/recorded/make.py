"""Records what Prefect 3.9.1 says of templates, for the comparison in ../syntax.test.ts: null, or the line of what is wrong.

Run with a Python that has prefect==3.9.1, in this folder:  python make.py
Templates that are added to the file with any second value get theirs.
"""
import json
from jinja2.exceptions import TemplateSyntaxError
from prefect.server.utilities.user_templates import TemplateSecurityError, validate_user_template

FILE = "prefect-3.9.1.json"


def verdict(template):
    try:
        validate_user_template(template)
        return None
    except (TemplateSyntaxError, TemplateSecurityError) as error:
        return error.lineno


cases = [json.dumps([template, verdict(template)], ensure_ascii=False) for template, _ in json.load(open(FILE))]
open(FILE, "w").write("[\n" + ",\n".join(cases) + "\n]\n")
