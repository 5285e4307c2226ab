"""Apart: the fields of which desks give more, or fewer, than EXPECTED says, each with the reason.

In: nothing. Out: `APART`.
Invariant: pens leave these fields alone; every other field is given by the share of records that EXPECTED states.
Deliberately absent: the shares themselves (schemas/departments).
"""

from __future__ import annotations

_PLACE = "always given: by it those who were there together are found"
_WHO = "given where it is known who it is; a wrong one would tell of somebody who was not there"
_LINK = "given where a register says so (People.linked_*), and for nobody else"

APART: dict[str, str] = {
    "police.resident_register.phones": _LINK,
    "transport.ticket.carriage": "given, or spelled in the seat: without it the whole train is the circle",
    "transport.ticket.seat": "given wherever the carriage is spelled in it",
    "transport.ticket.compartment": "these services have seats, which lie in no compartment",
    "transport.tap.vehicle": "left out by the share that is stated; the truth then tells of the line alone",
    "transport.tap.carriage": "metro alone has carriages",
    "transport.crew_duty.line": "buses and metro alone have lines",
    "transport.crew_duty.service_date": "of trains always, of others never: with the date the run is known",
    "transport.crew_duty.carriage": "crews of this city serve the whole vehicle",
    "transport.crew_duty.compartment": "crews of this city serve the whole vehicle",
    "transport.crew_duty.row_from": "crews of this city serve the whole vehicle",
    "transport.crew_duty.row_until": "crews of this city serve the whole vehicle",
    "telecom.enterprise_roster.dorm_code": "given for whoever lives in a dormitory",
    "telecom.enterprise_roster.dorm_room": "given for whoever lives in a dormitory",
    "telecom.enterprise_roster.phone": _LINK,
    "telecom.shift.workshop": _PLACE,
    "telecom.shuttle_ride.role": "given for every driver: who drives is crew",
    "telecom.shuttle_ride.seat": "seats of a shuttle are not numbered",
    "telecom.shuttle_ride.row": "seats of a shuttle are not numbered",
    "civil_affairs.care_home_roster.room": "given for whoever lives there, and for nobody who works there",
    "civil_affairs.care_home_roster.bed": "given for whoever lives there",
    "civil_affairs.care_roster.phone": _LINK,
    "civil_affairs.temporary_aid.station_code": "given for whoever is sheltered",
    "civil_affairs.temporary_aid.station_name": "given for whoever is sheltered",
    "civil_affairs.temporary_aid.room": "the stations' halls have no rooms",
    "civil_affairs.temporary_aid.sheltered_since": "given for whoever is sheltered",
    "civil_affairs.temporary_aid.sheltered_until": "of those sheltered, not of all who are helped",
    "commerce.supply_order.delivered_at": "always given: only orders that came are written",
    "commerce.supply_order.gate_compound": "as many as were handed over at gates; all others at doors",
    "commerce.supply_order.gate": "given with every gate of a compound",
    "commerce.supply_order.contactless": "always given: else the receiver of goods at a door would have been there",
    "commerce.supply_order.courier_phone": "given at gates; at doors nobody can meet",
    "commerce.supply_order.receiver_phone": _WHO,
    "commerce.truck_pass.companion_phones": _WHO,
    "commerce.truck_pass.escort_no": _WHO,
    "education.class_roster.student_no": "given for every pupil: morning checks may name them by it",
    "education.family_link.guardian_phone": _LINK,
    "housing.property_staff.phone": _LINK,
    "housing.gate_pass.gate": _PLACE,
    "housing.site_attendance.entered_at": "always given: without it a day stands in for the times",
    "grid_centre.home_visit.entered": "always given, and false: who stayed at the door was not in the home",
    "grid_centre.assignment.street": "given for whoever answers for one",
    "grid_centre.assignment.community": "given for whoever answers for one",
    "grid_centre.assignment.grid_code": "given for whoever answers for one",
    "grid_centre.assignment.compound_code": "given for whoever answers for one",
    "grid_centre.assignment.building": "given for whoever answers for one",
    "grid_centre.assignment.valid_until": "given where the duty ends",
    "medical_insurance.pharmacy_visit.place_code": _PLACE,
    "medical_insurance.outpatient_visit.doctor_no": _WHO,
    "medical_insurance.green_channel.companion_id_no": _WHO,
    "medical_insurance.green_channel.left_at": "of those who came, not of all who booked",
    "medical_insurance.chronic_register.phone": _LINK,
}
"""`source.field` → why its share is another one than EXPECTED states."""
