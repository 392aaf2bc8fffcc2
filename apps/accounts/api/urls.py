"""The paths of accounts."""

from importlib import import_module

from django.urls import URLPattern, path

from apps.accounts.api.views import agents, members, sessions, workspaces

import_module("apps.accounts.access.schemes")  # for the description of the API

_WORKSPACE = "api/v1/workspaces/<uuid:workspace_id>"

urlpatterns: list[URLPattern] = [
    path("api/v1/auth/register", sessions.Register.as_view()),
    path("api/v1/auth/login", sessions.Login.as_view()),
    path("api/v1/auth/refresh", sessions.Refresh.as_view()),
    path("api/v1/auth/logout", sessions.Logout.as_view()),
    path("api/v1/auth/me", sessions.Me.as_view()),
    path("api/v1/auth/password", sessions.Password.as_view()),
    path("api/v1/workspaces", workspaces.Workspaces.as_view()),
    path(_WORKSPACE, workspaces.OneWorkspace.as_view()),
    path(f"{_WORKSPACE}/archive", workspaces.Archive.as_view()),
    path(f"{_WORKSPACE}/unarchive", workspaces.Unarchive.as_view()),
    path(f"{_WORKSPACE}/transfer", workspaces.Transfer.as_view()),
    path(f"{_WORKSPACE}/export", workspaces.Export.as_view()),
    path(f"{_WORKSPACE}/members", members.Members.as_view()),
    path(f"{_WORKSPACE}/members/<uuid:user_id>", members.Member.as_view()),
    path(f"{_WORKSPACE}/leave", members.Leave.as_view()),
    path(f"{_WORKSPACE}/invitations", members.Invitations.as_view()),
    path("api/v1/members", members.CurrentMembers.as_view()),
    path("api/v1/invitations/accept", members.Accept.as_view()),
    path("api/v1/invitations/<uuid:invitation_id>/resend", members.Resend.as_view()),
    path("api/v1/invitations/<uuid:invitation_id>/revoke", members.RevokeInvitation.as_view()),
    path("api/v1/agents", agents.Agents.as_view()),
    path("api/v1/agents/<uuid:agent_id>", agents.OneAgent.as_view()),
    path("api/v1/agents/<uuid:agent_id>/disable", agents.Disable.as_view()),
    path("api/v1/agents/<uuid:agent_id>/enable", agents.Enable.as_view()),
    path("api/v1/agents/<uuid:agent_id>/keys", agents.AgentKeys.as_view()),
    path("api/v1/api-keys", agents.Keys.as_view()),
    path("api/v1/api-keys/<uuid:key_id>/rotate", agents.Rotate.as_view()),
    path("api/v1/api-keys/<uuid:key_id>/revoke", agents.Revoke.as_view()),
    path("api/v1/ws-tickets", agents.Tickets.as_view()),
]
