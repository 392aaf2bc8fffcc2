"""The proposals of the first hour, in order: one for everything that can become of a proposal.

They are about demo/specs as demo/history.yaml has left them. Each says in `meets` what it is there
to show, and `better` is what the agent comes back with.
"""

from .ideas import (
    Idea,
    attribute,
    body,
    create,
    delete,
    edit,
    link,
    unlink,
    update,
)

BEGINNING = (
    Idea(
        name="confirm-sooner",
        title="Confirm orders within two minutes",
        why="A third of all calls to support are about orders that were confirmed after five minutes or more.",
        operations=(edit("REQ-102", "within 10 minutes", "within 2 minutes"),),
        answers={
            "load": "On the busiest day of last year the queue of mails was 70 seconds long at most.",
            "cost": "Nothing: the mails are sent already, they only wait for a job that runs every ten minutes.",
        },
        better=Idea(
            name="confirm-somewhat-sooner",
            title="Confirm orders within five minutes",
            why="Two minutes were too bold. Five would still spare half of the calls, and hold on Black Friday, too.",
            operations=(edit("REQ-102", "within 10 minutes", "within 5 minutes"),),
        ),
    ),
    Idea(
        name="orders-shown",
        title="Say what “appropriate” means for past orders",
        why="Nobody can build or test it as it stands: two vague words, and no demand.",
        operations=(
            body(
                "REQ-105",
                "The shop SHALL show a signed-in customer the orders of the last 5 years within 2 seconds.",
            ),
        ),
        answers={
            "five": "That is how long a warranty lasts at most.",
            "5 year": "So long a warranty lasts.",
        },
        better=Idea(
            name="orders-shown-shorter",
            title="Show the orders of two years",
            why="Two years cover nearly all that customers look for, and make a smaller promise.",
            operations=(
                body(
                    "REQ-105",
                    "The shop SHALL show a signed-in customer the orders of the last 2 years within 2 seconds.",
                ),
            ),
        ),
    ),
    Idea(
        name="ratings-go",
        title="Delete the demand for ratings by buyers",
        why="Nobody has built it in two years.",
        operations=(delete("REQ-404"),),
        better=Idea(
            name="ratings-retire",
            title="Retire the demand for ratings by buyers",
            why="Not deleted, then: retired, so that everybody sees what was once wanted.",
            operations=(update("REQ-404", status="retired"),),
        ),
    ),
    Idea(
        name="icons-begun",
        title="Begin with the icons",
        why="The designer has time this week.",
        operations=(attribute("TASK-1", "state", "doing"),),
        meets="applied",
    ),
    Idea(
        name="day-before-paying",
        title="Name the day before customers pay",
        why="Whoever sees it only afterwards cancels: 2 % of all orders, last month.",
        operations=(edit("REQ-601", "will arrive.", "will arrive, before the customer pays."),),
        better=Idea(
            name="day-in-the-cart",
            title="Name the day in the cart already",
            why="Then nobody has to enter an address that we do not deliver to.",
            operations=(edit("REQ-601", "The checkout", "The cart"),),
        ),
    ),
    Idea(
        name="day-and-half",
        title="Name half of a day",
        why="The carriers tell us whether it is the morning or the afternoon. Customers would like to know.",
        operations=(
            edit(
                "REQ-601",
                "name the day on which",
                "name the day, and whether it is the morning or the afternoon, on which",
            ),
        ),
    ),
    Idea(
        name="search-history-goes",
        title="Delete the demand that searches are forgotten",
        why="Recommendations would get better.",
        operations=(delete("REQ-703"),),
        meets="policy_denied",
        better=Idea(
            name="search-history-shorter",
            title="Forget searches sooner",
            why="The policy is right: this was promised. Looked at again, nobody reads searches after a month anyway.",
            operations=(edit("REQ-703", "after 90 days", "after 30 days"),),
        ),
    ),
    Idea(
        name="answer-payments-sooner",
        title="Tell the outcome of a payment within 3 seconds",
        why="The provider answers 999 of 1,000 charges in 2 seconds. After 4, customers press again.",
        operations=(edit("REQ-202", "within 5 seconds", "within 3 seconds"),),
        answers={
            "again": "A second press charges nothing twice: REQ-201 and its test see to that."
        },
    ),
    Idea(
        name="paid-not-payed",
        title="Mend a typo about refunds",
        why="It is “paid”.",
        operations=(edit("SPEC-4.what-customers-read", "payed", "paid"),),
        meets="applied",
    ),
    Idea(
        name="links-in-a-circle",
        title="Proving an address depends on links that expire",
        why="It is done by such a link.",
        operations=(link("REQ-504", "depends_on", "REQ-503"),),
        meets="invalid",
        better=Idea(
            name="links-relate",
            title="Proving an address relates to links that expire",
            why="It would have been a circle, the check says. They have to do with each other all the same.",
            operations=(link("REQ-504", "relates_to", "REQ-502"),),
        ),
    ),
    Idea(
        name="refunds-too-late",
        title="Pay refunds within 20 days",
        why="I read that it is 30.",
        operations=(edit("REQ-301", "within 30 days", "within 20 days", base=1),),
        meets="conflicted",
        better=Idea(
            name="refunds-sooner",
            title="Pay refunds within 10 days",
            why="It had become 14 while I thought about it. Ten is what we keep already, 98 times of 100.",
            operations=(edit("REQ-301", "within 14 days", "within 10 days"),),
        ),
    ),
    Idea(
        name="times-of-delivery",
        title="Sharpen three times around a parcel",
        why="Each stands for itself: take those that you like.",
        operations=(
            edit("REQ-602", "within 30 minutes", "within 15 minutes"),
            edit("REQ-603", "before the promised day is over", "by 18:00 of the promised day"),
            edit("REQ-604", "for 10 days", "for 7 days"),
        ),
        answers={"18": "Until then customers can still ask a neighbour."},
    ),
)

MIDDLE = (
    Idea(
        name="search-quickly",
        title="Say how fast the search is",
        why="“Fast and user-friendly” is no demand.",
        operations=(body("REQ-403", "The search SHALL answer quickly."),),
        later="revise",
        better=Idea(
            name="search-measured",
            title="Say in milliseconds how fast the search is",
            why="I was not happy with my own words: now it can be measured.",
            operations=(
                body(
                    "REQ-403",
                    "The search SHALL answer 19 of 20 queries within 300 ms at 200 queries per second.",
                ),
            ),
        ),
    ),
    Idea(
        name="prices-in-points",
        title="Show prices in points, too",
        why="Some shops do.",
        operations=(edit("REQ-401", "with its tax", "with its tax, and in bonus points"),),
        later="withdraw",
        answers={"points": "There are none yet, you are right. I shall take it back."},
    ),
    Idea(
        name="sessions-moved",
        title="Sessions are in the new store",
        why="All tests are green.",
        operations=(attribute("TASK-2", "state", "done"),),
        meets="applied",
        later="revert",
    ),
    Idea(
        name="key-in-a-note",
        title="Note how partners are reached",
        why="So that nobody has to look for it.",
        operations=(
            create(
                "task",
                "Use the partner's account",
                "Sign in to the storage with AKIAIOSFODNN7EXAMPLE.",
            ),
        ),
        meets="policy_denied",
        better=Idea(
            name="key-in-the-safe",
            title="Note where to ask about the partner's account",
            why="What opens it stays where it is kept.",
            operations=(
                create(
                    "task",
                    "Use the partner's account",
                    "Ask the operators: what opens it lies in their safe.",
                ),
            ),
            meets="applied",
        ),
    ),
    Idea(
        name="saturdays",
        title="Send parcels on Saturdays, too",
        why="The warehouse is open anyway, and the carriers fetch them until noon.",
        operations=(
            edit(
                "SPEC-7.promises",
                "to Friday, at 16:00.",
                "to Friday at 16:00, and on Saturday at 11:00.",
            ),
            attribute("REQ-605", "priority", "should"),
        ),
        answers={"sunday": "No: the warehouse is closed then."},
    ),
    Idea(
        name="promise-to-whom",
        title="Say to whom the day is a promise",
        why="Plainer words.",
        operations=(
            edit(
                "SPEC-7.promises",
                "that day is a promise.",
                "that day is a promise to the customer.",
            ),
        ),
        meets="applied",
    ),
    Idea(
        name="pictures-first",
        title="Say that pictures come first",
        why="Seven of ten buy from a phone.",
        operations=(
            edit(
                "SPEC-5.finding-something", "but the table has to be there.", "so it comes first."
            ),
            attribute("REQ-401", "priority", "should"),
        ),
        better=Idea(
            name="pictures-beside",
            title="Say what a picture has to show",
            why="Somebody reworded the same sentence meanwhile, and better. What is left of mine is this.",
            operations=(
                edit(
                    "SPEC-5.finding-something", "its brand or what", "its brand, its colour or what"
                ),
                attribute("REQ-401", "display", "large"),
            ),
        ),
    ),
    Idea(
        name="table-below",
        title="Say where the table stands",
        why="Plainer words.",
        operations=(
            edit(
                "SPEC-5.finding-something",
                "but the table has to be there.",
                "and the table stands below it.",
            ),
        ),
        meets="applied",
    ),
    Idea(
        name="guests-see-orders",
        title="Let guests see their order",
        why="They have no account, and ask by mail: 60 times a week.",
        operations=(
            create(
                "requirement",
                "Guests can see their order",
                "The shop SHALL mail a guest a link that shows the order for 90 days.",
                ("refines", "GOAL-1"),
                ("depends_on", "REQ-501"),
                key="REQ-505",
                parent="SPEC-6",
                after="REQ-504",
                labels=["accounts"],
                attributes={"priority": "should"},
            ),
            create(
                "test",
                "A guest's link ends after 90 days",
                "Open it on day 90, and on day 91. Only the first shows the order.",
                ("verifies", "REQ-505"),
                key="TEST-502",
                parent="SPEC-6",
                after="TEST-501",
                labels=["accounts"],
            ),
        ),
        answers={
            "90": "Returns take 30 days and a warranty case about 60.",
            "safe": "It shows what was ordered, and neither the address nor how it was paid.",
        },
    ),
    Idea(
        name="invoices-split",
        title="Make two demands of the one about invoices",
        why="It demands two things at once, and “quickly” is none.",
        operations=(
            body("REQ-205", "The shop SHALL create an invoice for each order when it is paid."),
            create(
                "requirement",
                "Invoices are mailed",
                "The shop SHALL mail each invoice within 1 hour.",
                ("refines", "GOAL-2"),
                ("depends_on", "REQ-205"),
                key="REQ-206",
                parent="SPEC-3",
                after="REQ-205",
                labels=["payments"],
                attributes={"priority": "should"},
            ),
        ),
    ),
    Idea(
        name="stock-goes",
        title="Delete the demand that stock is current",
        why="The warehouse tells us anyway.",
        operations=(delete("REQ-402"),),
        meets="invalid",
        better=Idea(
            name="stock-at-once",
            title="Show stock as of 20 seconds ago",
            why="Others stand on it, the check says: so it stays. As the warehouse tells us within 10 seconds, 20 are enough.",
            operations=(edit("REQ-402", "at most 30 seconds ago", "at most 20 seconds ago"),),
        ),
    ),
    Idea(
        name="carts-again",
        title="Keep carts for 45 days",
        why="I remember that it is 30.",
        operations=(edit("REQ-101", "for 30 days", "for 45 days"),),
        meets="refused",
        better=Idea(
            name="carts-for-a-season",
            title="Keep carts for 90 days",
            why="It is 60 by now. Ninety would cover a whole season of tents.",
            operations=(edit("REQ-101", "for 60 days", "for 90 days"),),
        ),
    ),
)

END = (
    Idea(
        name="refunds-do-not-meet",
        title="Small and large refunds do not conflict",
        why="One speaks of up to 50 EUR, the other of more than 500. Nothing is both.",
        operations=(unlink("REQ-303", "conflicts_with", "REQ-302"),),
        answers={
            "between": "From 50 to 500 EUR one person decides: that is how it is done, and stands nowhere yet."
        },
    ),
    Idea(
        name="refund-mails",
        title="Say when customers hear of a refund",
        why="“Regularly” means something else to each reader.",
        operations=(
            body(
                "REQ-304", "The shop SHALL mail the customer within 1 hour when a refund is booked."
            ),
        ),
        better=Idea(
            name="refund-mails-daily",
            title="Tell customers of a refund within a day",
            why="The bank tells us once a day, so an hour cannot be kept.",
            operations=(
                body(
                    "REQ-304",
                    "The shop SHALL mail the customer within 24 hours when a refund is booked.",
                ),
            ),
        ),
    ),
    Idea(
        name="europe-and-more",
        title="Name the countries that data may go to",
        why="Norway and Iceland are not in the EU, and our mail server stands in Oslo.",
        operations=(
            edit(
                "CON-3",
                "outside of the EU.",
                "outside of the EU, Iceland, Liechtenstein and Norway.",
            ),
        ),
        answers={"legal": "It is the EEA: the same law holds there."},
    ),
    Idea(
        name="decision-moves",
        title="Put the decision about refunds beside the payments",
        why="Whoever changes how money comes in should see how it goes back.",
        operations=({"op": "move", "target": "DEC-2", "parent": "SPEC-3"},),
    ),
    Idea(
        name="tests-by-machine",
        title="Say which tests a machine runs",
        why="The nightly run does these five.",
        operations=tuple(
            attribute(key, "run", "nightly")
            for key in ("TEST-101", "TEST-102", "TEST-301", "TEST-401", "TEST-501")
        ),
    ),
    Idea(
        name="promise-more",
        title="Promise more about parcels",
        why="Nineteen of twenty sounds like a shop that has given up on the twentieth.",
        operations=(edit("GOAL-5", "Nineteen of twenty", "Ninety-nine of a hundred"),),
        better=Idea(
            name="promise-somewhat-more",
            title="Promise somewhat more about parcels",
            why="Ninety-nine cannot be kept in December. This was kept in each of the last twelve months.",
            operations=(edit("GOAL-5", "Nineteen of twenty", "Forty-eight of fifty"),),
        ),
    ),
    Idea(
        name="tell-of-locks",
        title="Mail owners of locked accounts",
        why="They find out by being locked out, and call.",
        operations=(edit("REQ-502", "wrong passwords.", "wrong passwords and mail its owner."),),
    ),
    Idea(
        name="labels-go",
        title="Delete the task about labels",
        why="It is done.",
        operations=(delete("TASK-3"),),
        better=Idea(
            name="labels-done",
            title="The labels are printed",
            why="Done, then, and not deleted.",
            operations=(attribute("TASK-3", "state", "done"),),
            meets="applied",
        ),
    ),
    Idea(
        name="partners-told",
        title="Partners know the new address",
        why="The last one has answered.",
        operations=(attribute("TASK-4", "state", "done"),),
        meets="applied",
    ),
    Idea(
        name="carriers-late",
        title="Say what carriers answer when they do not know",
        why="One of them answers 200 with an empty day.",
        operations=(
            edit(
                "IF-3",
                "where it does not deliver.",
                "where it does not deliver, and 503 while it does not know.",
            ),
        ),
    ),
    Idea(
        name="large-orders-first",
        title="Have orders above 1,000 EUR paid first",
        why="Of the invoices that are never paid, half are between 1,000 and 2,000 EUR.",
        operations=(edit("REQ-203", "above 2,000 EUR", "above 1,000 EUR"),),
        better=Idea(
            name="large-orders-a-bit",
            title="Have orders above 1,500 EUR paid first",
            why="Clubs order for 1,200 EUR, and they pay. 1,500 leaves them alone.",
            operations=(edit("REQ-203", "above 2,000 EUR", "above 1,500 EUR"),),
        ),
    ),
    Idea(
        name="reserve-longer",
        title="Reserve items for 20 minutes",
        why="Whoever pays by transfer needs 17 on average.",
        operations=(edit("REQ-104", "for 15 minutes", "for 20 minutes"),),
        later="withdraw",
    ),
)

SCRIPT = (*BEGINNING, *MIDDLE, *END)
