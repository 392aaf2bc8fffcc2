from importlib import import_module

from apps.common import rooms


class ApprovalsConfig(rooms.Room):
    name = "apps.approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        activity = import_module("apps.activity.ports")
        rooms.import_all_of("apps.approvals.channels")
        for name in ("clock", "sending", "digests"):
            due = import_module(f"apps.approvals.services.{name}")
            activity.sources.append(activity.Source(due.claim, due.give_back, due.TASK))
        activity.phrases.update(import_module("apps.approvals.choices").PHRASES)
        import_module("apps.approvals.events")
        common = import_module("apps.common.ports")
        vitals = import_module("apps.approvals.vitals")
        common.examinations.append(vitals.examine_approvals)
        common.levels.append(vitals.approval_levels)
        exported = import_module("apps.approvals.selectors.exported")
        import_module("apps.accounts.ports").exporters.update(
            {
                "approvals.Vote": exported.exported_vote,
                "approvals.Comment": exported.exported_comment,
                "approvals.Attachment": exported.exported_attachment,
                "approvals.AfterReview": exported.exported_review,
            }
        )
        changes = import_module("apps.approvals.policy_changes")
        import_module("apps.approvals.ports").subjects["policy_change"] = (
            changes.PolicyChangeSubject()
        )
        import_module("apps.policies.ports").policy_changes[:] = [changes.PolicyChangesAsked()]
