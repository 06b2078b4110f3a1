{# An instant as a UTC timestamp without a zone. Casting would use the session's zone. #}
{% macro utc(instant) -%}
    (({{ instant }}) at time zone 'UTC')
{%- endmacro %}

{# A time a payload states as text, as UTC; null if it cannot be read as one. #}
{% macro stated_utc(text) -%}
    (try_cast({{ text }} as timestamptz) at time zone 'UTC')
{%- endmacro %}
