"""A local sandbox of the TransmitSMS (Burst SMS, Kudosity V1) SMS REST API."""

__version__ = "0.1.0"
