"""The API of accounts, below /api/v1/."""

from django.urls import include, path

from apps.accounts.api.views import agents, audit, members, sessions, workspaces

workspace_urls = [
    path("archive", workspaces.Archive.as_view()),
    path("unarchive", workspaces.Unarchive.as_view()),
    path("transfer", workspaces.Transfer.as_view()),
    path("export", workspaces.Export.as_view()),
    path("members", members.Members.as_view()),
    path("members/<uuid:user_id>", members.Member.as_view()),
    path("leave", members.Leave.as_view()),
    path("invitations", members.Invitations.as_view()),
]

urlpatterns = [
    path("audit", audit.Audit.as_view()),
    path("audit/verify", audit.AuditVerification.as_view()),
    path("auth/register", sessions.Register.as_view()),
    path("auth/login", sessions.Login.as_view()),
    path("auth/refresh", sessions.Refresh.as_view()),
    path("auth/logout", sessions.Logout.as_view()),
    path("auth/me", sessions.Me.as_view()),
    path("auth/password", sessions.Password.as_view()),
    path("workspaces", workspaces.Workspaces.as_view()),
    path("workspaces/<uuid:workspace_id>", workspaces.OneWorkspace.as_view()),
    path("workspaces/<uuid:workspace_id>/", include(workspace_urls)),
    path("members", members.CurrentMembers.as_view()),
    path("invitations/accept", members.Accept.as_view()),
    path("invitations/<uuid:invitation_id>/resend", members.Resend.as_view()),
    path("invitations/<uuid:invitation_id>/revoke", members.RevokeInvitation.as_view()),
    path("agents", agents.Agents.as_view()),
    path("agents/<uuid:agent_id>", agents.OneAgent.as_view()),
    path("agents/<uuid:agent_id>/disable", agents.Disable.as_view()),
    path("agents/<uuid:agent_id>/enable", agents.Enable.as_view()),
    path("agents/<uuid:agent_id>/keys", agents.AgentKeys.as_view()),
    path("api-keys", agents.Keys.as_view()),
    path("api-keys/<uuid:key_id>/rotate", agents.Rotate.as_view()),
    path("api-keys/<uuid:key_id>/revoke", agents.Revoke.as_view()),
    path("ws-tickets", agents.Tickets.as_view()),
]
