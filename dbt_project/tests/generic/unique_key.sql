{#
    No key occurs twice. Keys are replaced as a whole, so rows that no new load touched cannot have
    become double: with a load_id column only the others are looked at.
#}
{% test unique_key(model, columns, load_id=none) %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    {% if load_id %}
        where {{ load_id }} > {{ var('since_load_id') | int }}
    {% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
