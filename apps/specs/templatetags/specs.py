"""What templates about specs ask for."""

from django import template

from apps.common.texts.hidden import spelled_out

register = template.Library()
register.filter("spelled_out", spelled_out)
