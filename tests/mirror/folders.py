"""A folder that is kept alike with a workspace."""

from apps.mirror.services.claiming import mirror_of
from apps.mirror.services.rounds import keep_alike
from apps.mirror.services.sheets import Manner


class Folder:
    """Files of a test, and the one command there is."""

    def __init__(self, root, workspace, actor):
        self.root, self.workspace, self.actor = root, workspace, actor

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path):
        return (self.root / path).read_text()

    def paths(self):
        found = self.root.rglob("*.md")
        return sorted(
            str(path.relative_to(self.root)) for path in found if ".lattice" not in path.parts
        )

    @property
    def mirror(self):
        return mirror_of(folder=self.root, workspace=self.workspace.id)

    def row(self, path):
        return self.mirror.files.get(path=path)

    def sync(self, **manner):
        return keep_alike(
            mirror=self.mirror, folder=self.root, actor=self.actor, manner=Manner(**manner)
        )
