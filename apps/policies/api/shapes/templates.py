"""What the views of templates read and show."""

from typing import Any

from rest_framework import serializers

from apps.policies.api.shapes.policies import ReasonField


class ParameterOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    vars()["default"] = serializers.JSONField()

    class Meta:
        ref_name = "PolicyTemplateParameter"


class TemplateOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    parameters = ParameterOutput(many=True)

    class Meta:
        ref_name = "PolicyTemplate"


class WholeTemplateOutput(TemplateOutput):
    text = serializers.CharField()

    class Meta:
        ref_name = "WholePolicyTemplate"


class TemplatesOutput(serializers.Serializer[Any]):
    templates = TemplateOutput(many=True)


class ValuesField(serializers.DictField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.JSONField(),
            default=dict,
            help_text="By the names of the template's parameters. The others keep their defaults.",
            **kwargs,
        )


class RenderInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    values = ValuesField()


class RenderedOutput(serializers.Serializer[Any]):
    template = serializers.CharField()
    content = serializers.CharField()


class ApplyTemplateInput(RenderInput):
    dry_run = serializers.BooleanField(default=False)
    reason = ReasonField()


class WizardInput(serializers.Serializer[Any]):
    answers = serializers.DictField(
        child=serializers.JSONField(),
        default=dict,
        help_text="`people` (one, few, many), `agents` (try, ask, routine), `regulated`, and "
        "`values` for the template that fits.",
    )
    draft = serializers.BooleanField(default=False)


class WizardOutput(RenderedOutput):
    because = serializers.ListField(child=serializers.CharField())
    draft = serializers.UUIDField(allow_null=True)
