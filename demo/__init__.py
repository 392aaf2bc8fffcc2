"""What somebody who is new here meets: a shop, its agents, and a client of approvals."""
