{# An instant as a UTC timestamp without a zone. Casting would use the session's zone. #}
{% macro utc(instant) -%}
    (({{ instant }}) at time zone 'UTC')
{%- endmacro %}
