"""Sentences as larger models write them about passages, true ones and their siblings that are not.

Written by us in the manner of instruction-tuned models of 1 to 8 billion parameters. Each case:
a question, the passage, what may stand as said in other words, and what may not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    question: str
    passage: str
    true: tuple[str, ...]
    false: tuple[str, ...]


CASES = (
    Case(
        "Within how many days must an invoice be paid?",
        "Each invoice shall be paid within 45 days of its receipt by the Client. Invoices that are"
        " disputed in good faith are suspended until the dispute is settled.",
        (
            "An invoice must be paid within 45 days of its receipt [1].",
            "The Client must pay each invoice within 45 days after receipt [1].",
            "**Invoices** have to be paid within **45 days** of receipt [1].",
        ),
        (
            "An invoice must be paid within 30 days of its receipt [1].",
            "An invoice need not be paid within 45 days of its receipt [1].",
            "The Supplier must pay each invoice within 45 days after receipt [1].",
            "An invoice must be paid within 45 months of its receipt [1].",
        ),
    ),
    Case(
        "May the tenant sublet the premises?",
        "The Tenant may not sublet the premises or any part of them without the prior written"
        " consent of the Landlord. Such consent shall not be unreasonably withheld.",
        (
            "No, the tenant may not sublet without the landlord's prior written consent [1].",
            "The tenant may not sublet any part of the premises without written consent [1].",
        ),
        (
            "Yes, the tenant may sublet the premises [1].",
            "The landlord may not sublet without the tenant's prior written consent [1].",
            "The tenant may sublet the premises with a written note to the landlord [1].",
        ),
    ),
    Case(
        "How often is the oil of the pump changed?",
        "The oil of the BX-100 pump is changed every six months. Its filter is cleaned weekly.",
        (
            "The pump's oil is changed every six months [1].",
            "The oil of the BX-100 is changed every six months [1].",
        ),
        (
            "The pump's oil is changed every seven months [1].",
            "The oil of the BX-200 is changed every six months [1].",
            "The pump's oil is changed weekly, every six months in winter in Oslo [1].",
            "The pump's oil is never changed every six months [1].",
        ),
    ),
    Case(
        "Who may terminate the agreement early, and how?",
        "Either party may terminate this Agreement before its expiry upon 60 days' written notice"
        " to the other party. The notice is sent by registered mail.",
        (
            "Either party may terminate the agreement early upon 60 days' written notice [1].",
            "It may be terminated early by either party with 60 days' written notice [1].",
        ),
        (
            "Either party may terminate the agreement early upon 90 days' written notice [1].",
            "Neither party may terminate the agreement upon 60 days' written notice [1].",
            "Either party may terminate it after its expiry upon 60 days' written notice [1].",
            "Acme Holdings may terminate the agreement upon 60 days' written notice [1].",
        ),
    ),
    Case(
        "What dose are adults given?",
        "Adults are given 12.5 mg twice a day. Children under 12 are given 5 mg once a day, and"
        " never more than 10 mg.",
        (
            "Adults are given a dose of 12.5 mg twice a day [1].",
            "The dose for adults is 12.5 mg, given twice a day [1].",
        ),
        (
            "Adults are given a dose of 1.25 mg twice a day [1].",
            "Adults are given a dose of 12.5 g twice a day [1].",
            "The dose for adults is 12.5 mg, given once a day [1].",
        ),
    ),
    Case(
        "When was the station opened?",
        "The station at Harl was opened on 3 May 2024 by the mayor, Anna Lind. It was closed for"
        " repairs in the winter of 2025.",
        (
            "The station was opened on 3 May 2024 [1].",
            "Anna Lind, the mayor, opened the station at Harl on 3 May 2024 [1].",
        ),
        (
            "The station was opened on 5 May 2024 [1].",
            "The station was closed on 3 May 2024 [1].",
            "Peter Lind, the mayor, opened the station at Harl on 3 May 2024 [1].",
            "The station at Benn was opened on 3 May 2024 [1].",
        ),
    ),
    Case(
        "How much is the deposit?",
        "The deposit amounts to 1,240 euros and is returned within 14 days after the keys have"
        " been handed back. Interest is not paid on it.",
        (
            "The deposit is 1240 euros [1].",
            "The deposit amounts to 1,240 euros [1].",
        ),
        (
            "The deposit is 124 euros [1].",
            "The deposit is 1,240 dollars [1].",
            "The deposit amounts to 1,240 euros and interest is paid on it [1].",
            "The deposit of 1,240 euros is returned within 14 weeks [1].",
        ),
    ),
    Case(
        "Which parts does the warranty exclude?",
        "Seals, hoses and filters are excluded from the warranty. The housing is covered for 24"
        " months from delivery.",
        (
            "The warranty excludes seals, hoses and filters [1].",
            "Excluded from the warranty are the hoses, the seals and the filters [1].",
        ),
        (
            "The warranty includes seals, hoses and filters [1].",
            "Seals, hoses and filters are covered by the warranty [1].",
            "The warranty excludes seals, hoses and the housing [1].",
        ),
    ),
    Case(
        "What is the maximum load of the lift?",
        "The lift L-7 carries at most 630 kg or eight persons. The lift L-9 carries at most 1,000"
        " kg.",
        (
            "The lift L-7 carries at most 630 kg [1].",
            "Lift L-7 can carry at most eight persons or 630 kg [1].",
        ),
        (
            "The lift L-9 carries at most 630 kg [1].",
            "The lift L-7 carries at least 630 kg [1].",
            "The lift L-7 carries at most 1,000 kg [1].",
        ),
    ),
    Case(
        "Does the clinic share patient data with third parties?",
        "The clinic does not share patient data with third parties unless the patient has agreed"
        " in writing. Requests are kept for ten years.",
        (
            "No, the clinic does not share patient data with third parties [1].",
            "Patient data is not shared unless the patient has agreed in writing [1].",
        ),
        (
            "Yes, the clinic shares patient data with third parties [1].",
            "The clinic shares patient data with third parties who agreed in writing [1].",
            "No, the clinic shares patient data with third parties [1].",
        ),
    ),
)
