"""What templates about specs ask for."""

from django import template

from apps.policies.engine.hidden import spelled_out

register = template.Library()
register.filter("spelled_out", spelled_out)
