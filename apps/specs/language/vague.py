"""Phrases that leave open what is meant, by the rule that names them, and how they are found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product

from apps.specs.language.prose import Word


class Vague(StrEnum):
    WEASEL = "weasel"
    DEGREE = "degree"
    """Weasel words of which a measure in the same sentence says what is meant."""
    TIME = "vague_time"
    """The same for times."""
    ABSOLUTE = "untestable"
    COMPARED = "compared"
    """Untestable, but for a measure, or what they are compared with."""
    OPEN = "unfinished"
    HARMLESS = "harmless"
    """Longer phrases in which such words mean something else."""


_PHRASES: Mapping[Vague, str] = {
    Vague.WEASEL: """
        appropriate; appropriately; adequate; adequately; suitable; suitably; sufficient
        sufficiently; reasonable; reasonably; sensible; sensibly; acceptable; acceptably
        satisfactory; customary; typical; typically; usually; normally; generally; mostly; largely
        in general; as a rule; approximately; approximate; roughly; nearly; almost; more or less
        user-friendly; user friendly; customer-friendly; friendly; easy; easily; easy-to-use
        easy-to-read; intuitive; intuitively; self-explanatory; straightforward; convenient
        conveniently; comfortable; comfortably; ergonomic; effortless; effortlessly; painless
        hassle-free; handy; helpful; seamless; seamlessly; smooth; smoothly; graceful; gracefully
        elegant; attractive; appealing; pleasant; pleasing; nice; nicely; pretty; decent; neat
        neatly; state-of-the-art; state of the art; cutting-edge; world-class; best-in-class
        high quality; high-quality; good quality; powerful; comprehensive; extensive; lightweight
        light-weight; modern; up-to-date; smart; smartly; intelligent; intelligently; sophisticated
        robust; robustly; flexible; flexibly; versatile; efficient; efficiently; effective
        effectively; optimal; optimally; optimum; proficient; reliably; clearly; carefully
        thoroughly; readily; properly; proper; correctly; simple; simply; good; well; affordable
        inexpensive; low cost; low-cost; economical; several; various; numerous; many; some; a few
        a (number|variety|lot|couple|handful|range) of; a (wide|broad) (range|variety|choice) of
        lots of; plenty of; ample; (most|many|much|some) of the; a certain amount of; etc
        and so on; and so forth; and the like; or the like; or similar; and others; and more
        (among|amongst) (others|other things); inter alia
        including but not limited to; including, but not limited to; significant; significantly
        substantial; substantially; considerable; considerably; noticeable; noticeably; meaningful
        minimal; minimally; negligible; moderate; moderately; excessive; excessively; unduly
        unnecessary; unnecessarily; relevant; important; ancillary; best practice; best practices
        industry standards; industry practice; good practice; best effort; best-effort; best efforts
        (if|where|when|whenever|wherever|as|unless otherwise) (possible|practicable|practical)
        (if|where|when|whenever|wherever|as) (feasible|necessary|needed|required|appropriate)
        (if|where|when|whenever|wherever|as) (applicable|useful|helpful|sensible|convenient)
        (if|where|when|whenever|wherever|as) (desired|desirable|suitable|advisable|reasonable)
        as (far|much|little|long|well|short|quiet) as (is|are) (possible|practicable|feasible)
        as (far|much|little|many|few|long|short|quiet|small|large|simple|clear|light|low|high) as \
        (possible|practicable|practical|feasible|necessary|needed)
        to the extent (possible|practicable|practical|feasible|necessary); strive; strives; try to
        attempt to; seek to; endeavour; endeavor
        """,
    Vague.DEGREE: """
        enough; fast; quick; quickly; rapid; rapidly; swift; swiftly; slow; slowly; speedy; speedily
        responsive; performant; scalable; highly available; high availability; high performance
        high-performance; low latency; low-latency; high throughput; large; small; huge; tiny
        heavy load; high load; heavy traffic; minimal delay; minimise; minimize; maximise; maximize
        lightning-fast; long periods
        """,
    Vague.TIME: """
        soon; asap; as (soon|quickly|fast|early|promptly|rapidly) as \
        (possible|practicable|practical|feasible|convenient)
        immediately; immediate; promptly; prompt; timely; in real time; in real-time
        in (near real time|near-real time|near real-time|quasi real time); near-real-time
        near real-time; near-real time; close to real time; periodically; periodic; regularly
        at regular intervals
        at certain intervals; at suitable intervals; on a regular basis; occasionally; eventually
        sooner or later; instantly; instantaneously; right away; straight away; straightaway
        (without|with no) (delay|undue delay|unnecessary delay|significant delay|noticeable delay)
        expeditiously; shortly; before long; in the near future; at the earliest
        at (the|its|their) earliest (opportunity|convenience); frequently; frequent; often; seldom
        rarely; infrequently; sporadically; intermittently; constantly; continually; sometimes
        at times; (from time to|most of the) time; every so often; every now and then
        now and then; now and again; every once in a while; once in a while; in (good|due) time
        in due course; (after|for|within|in) a while; (after|for|within) some time
        (after|for|within|in) a (short|brief|certain|long|suitable|reasonable) \
        (time|delay|period|while|moment|interval); a short (delay|period|while|time|moment)
        at (a later|a convenient|some) (time|point|moment); later on; in no time
        """,
    Vague.ABSOLUTE: """
        never (fail|crash|break|hang|freeze|lose data); never (go|be) (down|unavailable|offline)
        not (fail|crash|hang|freeze|break); cannot fail; (always be|be always) \
        (available|online|reachable|correct|up|right|accurate|working|responsive); always available
        be available always; always (respond|work|succeed); impossible to; error-free; bug-free
        (free of|free from|without|no|zero) (errors|bugs|defects|failures|problems|issues|flaws)
        without (any errors|any problems|fail|failure|interruption|interruptions); no downtime
        zero downtime; fault-free; defect-free; flawless; flawlessly; perfect; perfectly; ideal
        (completely|fully|absolutely|totally|perfectly|100 %) \
        (secure|safe|reliable|available|accurate|correct|stable|compatible|error-free)
        100 % (availability|uptime|reliability|security|accuracy)
        be (secure|reliable|safe|stable|usable|maintainable|portable|extensible|fun|enjoyable)
        unbreakable; unhackable; foolproof; bulletproof; future-proof
        (all|every|any) (possible|conceivable|imaginable|thinkable); (all|any) (kinds|kind) of
        (all|any|every) (sort|sorts|type|types) of; (under|in) (all|any) (circumstances|conditions)
        in (all|any|every) (situations|situation); (all|any|every) \
        (browsers|browser|devices|device|platforms|platform|failures|failure|eventualities)
        (all|any|every) (operating systems|operating system|screen sizes|screen size)
        (all|any|every) (languages|formats|file types|file formats); anywhere; everywhere
        anywhere in the world; infinite; infinitely; unlimited; limitless
        (work|behave|function|operate|perform) (properly|correctly|as expected|as intended|well)
        meet (expectations|user expectations|the expectations|all needs|the needs)
        (satisfy|please|delight) (all users|the user|users|the customer|customers)
        (look|feel) (good|nice|natural|great|professional)
        """,
    Vague.COMPARED: """
        better; faster; quicker; slower; easier; simpler; safer; smarter; cheaper; nicer; improved
        enhanced; optimised; optimized; more (secure|reliable|efficient|robust|usable|accurate)
        more (scalable|flexible|user-friendly|stable|quickly|often|comfortable|powerful|intuitive)
        less (memory|time|bandwidth|power|energy|space|effort|often)
        """,
    Vague.OPEN: """
        tbd; tbc; tba; tbr; tbs; todo; fixme; xx; xxx; xxxx; nn; lorem ipsum
        to be (determined|decided|confirmed|defined|specified|discussed|clarified|announced)
        to be (agreed|agreed on|agreed upon|added|filled in|completed|negotiated|chosen)
        not yet (decided|defined|specified|known|clear|agreed); still (open|unclear|undecided)
        open point; open question; value pending; (decision|details) pending; pending decision
        details to follow; yet to be
        """,
    Vague.HARMLESS: """
        fast (ethernet|forward|path|lane|breeder|fourier); quick (start|response code); good faith
        good standing; good friday; good until; known good; known-good; last good; last known good
        simple (majority|mail|network|object|average|interest|fracture); simply connected
        well (known|formed|defined|as|water|shall|must|head|bore); (the|a|oil|each|water|every) well
        proper (subset|noun|name|names|fraction); significant (figures|figure|digits|digit|bit)
        significant (other|others); least significant; most significant
        sufficient (funds|balance|credit|permission|permissions|privileges|rights|stock)
        reasonable (accommodation|suspicion|doubt); acceptable use policy; almost surely
        smart (card|cards|meter|meters|home|phone|contract|contracts|lock|tv|watch|grid)
        efficient market; effective (date|from|until|rate|tax|value|dose)
        large (print|object|objects|intestine)
        small (print|caps|claims|letters|letter|business|intestine|arms)
        rapid transit; slow (query log|cooker|start); responsive design; robust optimization
        as (required|needed|appropriate|necessary) (by|for|to|in|under|per); as long as; as well as
        (if|where|when|whenever) (required|needed|desired|requested) by
        immediately (before|after|following|preceding|below|above|beside|left|right)
        immediate (parent|child|children|predecessor|successor|neighbour|neighbor|family)
        prompt (the|a|an|for|users|user|text|payment); (command|the|a|shell) prompt; periodic table
        frequent flyer; frequently asked; as (often|frequently|many|few|much) as
        how (often|frequently|quickly|fast|slow|large|small|good|well|many|much|soon|easy|easily)
        eventually consistent; eventual consistency; as soon as (the|a|an|it|he|she|they|this|one)
        (so|too|as) many; one-to-many; unlimited (plan|plans|tariff|company|liability)
        infinite (loop|scroll|series|set); todo (list|lists|item|items|entry|app)
        (is|are|was|were) to be (confirmed|decided|determined|defined|chosen|completed|added) by
        or (better|faster|slower|cheaper|more often); the (better|faster|slower|cheaper) of
        best effort (class|service|traffic); enhanced data rates; high availability (pair|cluster)
        high performance computing; modern foreign; lightweight directory; optimized route
        some of (the|these) following; flexible (working hours|hose|pipe|cable|tube); easy apply
        not fail (over|open|closed|safe); good (manufacturing|laboratory|clinical) practice
        ideal (gas|point|line); effective immediately; periodic report; friendly (name|url|fire)
        """,
}
_IDENTIFYING = frozenset(
    {
        *("good", "modern", "periodic", "fast", "slow", "small", "large", "simple", "smart"),
        *("prompt", "immediate", "quick", "rapid", "smooth", "neat", "typical", "perfect", "ideal"),
    }
)
"""After "the" they say which one is meant, and not what it shall be like."""


def _read() -> dict[tuple[str, ...], Vague]:
    found: dict[tuple[str, ...], Vague] = {}
    for rule, phrases in _PHRASES.items():
        for phrase in re.split(r"[;\n]", phrases.replace("\\\n", "")):
            for written in _spelled(phrase):
                if words := tuple(written.replace(",", " , ").split()):
                    found[words] = rule
    return found


def _spelled(phrase: str) -> Iterator[str]:
    """(a|b) (c|d) is four phrases."""
    parts = re.findall(r"\(([^()]*)\)|([^()]+)", phrase)
    for chosen in product(*(choice.split("|") if choice else [plain] for choice, plain in parts)):
        yield "".join(chosen)


_RULES = _read()
_LENGTHS: dict[str, list[int]] = {}
"""Of the phrases that begin with a word, the longest first."""
for _first, _length in sorted({(said[0], -len(said)) for said in _RULES}):
    _LENGTHS.setdefault(_first, []).append(-_length)


def vague_in(words: Sequence[Word]) -> Iterator[tuple[Vague, int, int]]:
    """From which word to before which. The longest phrase wins, and takes its words from others."""
    lows = [word.low for word in words]
    at = 0
    while at < len(words):
        taken = 1
        for length in _LENGTHS.get(lows[at], ()):
            rule = _RULES.get(tuple(lows[at : at + length]))
            if rule:
                taken = length
                which_one = (
                    length == 1 and lows[at] in _IDENTIFYING and lows[at - 1 : at] == ["the"]
                )
                if rule != Vague.HARMLESS and not which_one:
                    yield rule, at, at + taken
                break
        at += taken
