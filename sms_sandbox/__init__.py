"""A local sandbox of the TransmitSMS (Burst SMS, Kudosity V1) SMS REST API."""
