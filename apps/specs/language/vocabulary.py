"""Words of English by what they do in a sentence, as far as requirements need it."""


def _words(written: str) -> frozenset[str]:
    return frozenset(written.split())


BINDING = _words("shall must")
WEAK = _words("should may might could can will would")

COMMON = _words(
    "the a an of to shall must is are be by for with when it and or if each every that this should "
    "will not on in at from as which may can within after"
)
"""A sentence without any of them is no English."""
DETERMINERS = _words("the a an each every its their one two any all both another")
EMPTY = _words(
    "the a an this that these those its their his her any each every all also then be is are been "
    "take takes last lasts have has of"
)
"""They make no difference to what is demanded."""
ABBREVIATIONS = _words(
    "etc vs approx no fig sec max min incl excl resp cf dr mr mrs ms st art par eq ca dept inc ltd"
)

JOINING = _words("and or but then")
SUBORDINATING = _words(
    "if when whenever while where that which who whose whom whether because since unless until "
    "before after once as than what how why so although though even"
)
RELATIVE = _words("that which who whose whom")
FINITE = _words("is are was were has have had does do did")
LEADING = _words(
    "if when whenever while where unless after before once for in during upon on within at until "
    "given provided as with under from"
)
"""A condition begins with them before what is demanded."""
TRAILING = _words("if when whenever while unless where except provided")
"""And after it."""

ADVERBS = _words("also always only then first never not")
NO_ADVERBS = _words("reply apply supply rely comply multiply")
STATES = _words(
    "enabled disabled located based limited related dedicated closed locked unlocked interested "
    "involved detailed advanced allowed permitted required supposed intended equipped rated sized "
    "composed comprised needed speed exceed connected rounded interlocked"
)
"""They end like participles, and say how something is."""
IRREGULAR = _words(
    "sent shown kept stored written made given built held read set put done seen found drawn known "
    "chosen taken paid met lost hidden hung led left lit sold told thrown understood woken begun "
    "broken brought caught cut driven fed forgotten frozen got grown heard laid meant run spent "
    "split spoken stolen worn won reset rebuilt overwritten rewritten shut bound dealt sought "
    "taught bought burnt dug fitted swept wound ground spread shed struck stuck torn woven shaken "
    "withdrawn withheld undertaken upheld overridden preset fought bent lent"
)
"""Participles that do not end in -ed."""
NO_ACTOR = _words(
    "default using means way e-mail email post mail hand card phone sms name id date key type law "
    "noon midnight design itself themselves end close weight volume"
)
"""What stands behind "by" without doing anything."""

LOGIC = _words("gate gates logic operator operators tree trees expression query search")
OPEN_ENDED = _words("support accept allow permit offer provide handle contain include list")
"""Who supports three may support five."""
OPPOSITES = frozenset(
    frozenset(pair.split())
    for pair in (
        *("allow forbid", "allow prohibit", "allow deny", "allow block", "permit forbid"),
        *("permit prohibit", "accept reject", "accept refuse", "grant deny", "enable disable"),
        *("enabled disabled", "open closed", "open close", "opened closed", "keep delete"),
        *("keep discard", "retain delete", "include exclude", "show hide", "start stop"),
        *("lock unlock", "locked unlocked", "on off", "public private", "visible hidden"),
        *("encrypted unencrypted", "mandatory optional", "ascending descending"),
        *("connect disconnect", "opt-in opt-out", "increase decrease", "read-only writable"),
        *("case-sensitive case-insensitive", "synchronously asynchronously"),
    )
)
