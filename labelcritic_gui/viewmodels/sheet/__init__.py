"""The contact sheet: nine items at a time for the easy ones. `sheet.ContactSheet` is the door."""
